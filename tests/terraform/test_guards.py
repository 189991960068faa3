"""Guards of resources, as they stand in the text of a tree."""

import pytest

from bot.tools.terraform.guards import guarded_addresses
from tests.terraform.conftest import Files


def resource(guard: str) -> str:
    return f'resource "aws_db" "main" {{\n  # lifecycle {{ prevent_destroy = true }}\n  x = "{{"\n{guard}}}\n'


@pytest.mark.parametrize(
    "guard",
    [
        "  lifecycle {\n    prevent_destroy = true\n  }\n",
        "  lifecycle {\n    ignore_changes  = [x]\n    prevent_destroy = (1 == 1)\n  }\n",
        "  lifecycle { prevent_destroy = true }\n",
    ],
)
def test_a_resource_that_may_not_be_destroyed_is_known(guard: str) -> None:
    assert guarded_addresses(Files({"net/main.tf": resource(guard)}), "net") == {"aws_db.main"}


@pytest.mark.parametrize(
    "guard",
    [
        "",
        "  lifecycle {\n    prevent_destroy = false\n  }\n",
        "  lifecycle {\n    # prevent_destroy = true\n  }\n",
        "  provisioner {\n    prevent_destroy = true\n  }\n",
        '  note = "lifecycle { prevent_destroy = true }"\n',
    ],
)
def test_any_other_resource_has_no_guard(guard: str) -> None:
    assert guarded_addresses(Files({"net/main.tf": resource(guard)}), "net") == frozenset()


def test_in_json_and_in_local_modules_too() -> None:
    tree = Files(
        {
            "net/a.tf.json": '{"resource": {"aws_db": {"j": [{"lifecycle": [{"prevent_destroy": true}]}], "k": {}}}}',
            "net/b.tf": 'module "m" {\n  source = "../m"\n}\nmodule "far" {\n  source = "acme/db"\n}\n',
            "m/main.tf": resource("  lifecycle { prevent_destroy = true }\n") + 'module "self" {\n  source = "./"\n}\n',
            "other/main.tf": resource("  lifecycle { prevent_destroy = true }\n"),
        }
    )
    addresses = guarded_addresses(tree, "net")
    assert {"aws_db.j", "module.m.aws_db.main"} < addresses
    assert {address for address in addresses if "self" not in address} == {"aws_db.j", "module.m.aws_db.main"}
