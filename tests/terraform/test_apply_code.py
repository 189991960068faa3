"""What of a plan runs programs or reads files when it is applied, from the JSON that Terraform shows."""

import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from bot.tools.terraform.apply_code import ApplyCode, read_apply_code
from bot.tools.terraform.json_document import Document
from bot.tools.terraform.provisioners import read_provisioners
from tests.terraform.conftest import Ground

PROVISIONED = (
    'resource "terraform_data" "deploy" {\n  input = "1"\n  provisioner "local-exec" {\n    command = "true"\n  }\n}\n'
)


def change(
    resource: str, module: str = "", actions: Sequence[str] = ("create",), after: object = None
) -> dict[str, Any]:
    """As Terraform shows a change of `type.name` in an instance of a module."""
    kind, _, name = resource.partition(".")
    address = ".".join(filter(None, (module, f"{resource}[0]")))
    shown = {"actions": list(actions), "after": after}
    return {"address": address, "module_address": module, "type": kind, "name": name, "change": shown}


def configuration(provisioned: bool = True) -> dict[str, Any]:
    """A module in a module, with a resource that has a provisioner."""
    resource: dict[str, Any] = {"address": "null_resource.x", "type": "null_resource", "name": "x"}
    if provisioned:
        resource["provisioners"] = [{"type": "local-exec"}, {"type": "file"}]
    inner = {"module_calls": {"module": {"module": {"resources": [resource]}}}}
    return {"root_module": {"module_calls": {"a": {"module": inner}}}}


def read(plan: dict[str, Any], names_file: Callable[[str], bool] = lambda text: False) -> ApplyCode:
    document = Document(json.dumps(plan).encode(), "a plan")
    return read_apply_code(document, read_provisioners(document), names_file)


NAME = "module.a.module.module.null_resource.x (local-exec, file)"


@pytest.mark.parametrize("module", ["module.a.module.module", 'module.a["x.\\"].y[0]"].module.module[3]'])
def test_a_provisioner_of_a_changed_resource_is_found_in_whatever_instance_of_its_module(module: str) -> None:
    plan = {"configuration": configuration(), "resource_changes": [change("null_resource.x", module)]}
    assert read(plan) == ApplyCode((NAME,), (NAME,))


def test_one_of_a_resource_that_stays_runs_at_a_later_apply_only() -> None:
    module = "module.a.module.module"
    still = change("null_resource.x", module, ("no-op",), {"script": "deploy.sh"})
    assert read({"configuration": configuration(), "resource_changes": [still]}) == ApplyCode((), (NAME,))


def test_external_programs_and_actions_of_providers_run_at_the_apply() -> None:
    plan = {
        "configuration": configuration(provisioned=False),
        "resource_changes": [change("external.who", actions=("read",))],
        "action_invocations": [{"address": "action.aws_lambda_invoke.go"}],
        "deferred_action_invocations": [{"action_invocation": {"address": "action.aws_lambda_invoke.later"}}],
    }
    programs = ("action.aws_lambda_invoke.go", "action.aws_lambda_invoke.later", "external.who[0]")
    assert read(plan) == ApplyCode(programs)


def test_values_that_may_be_paths_are_told_and_long_texts_are_not() -> None:
    after = {"source": "files/a.zip", "tags": ["x", {"deep": "../b"}], "text": "two\nlines", "long": "x" * 2000, "n": 1}
    plan = {
        "resource_changes": [
            change("aws_s3_object.o", after=after),
            change("aws_s3_object.p", actions=("no-op",), after={"a": "b"}),
        ]
    }
    asked: list[str] = []
    assert not read(plan, lambda text: bool(asked.append(text))).reads_files
    assert asked == ["files/a.zip", "x", "../b"]
    assert read(plan, lambda text: text == "../b").reads_files


def test_terraform_itself_tells_of_provisioners_and_of_files_that_values_name(ground: Ground) -> None:
    planned = ground.terraform.plan(ground.site({"net/main.tf": PROVISIONED}))
    assert (planned.runs, planned.standing) == (("terraform_data.deploy (local-exec)",),) * 2
    named = 'resource "terraform_data" "one" {\n  input = "NAME"\n}\n'
    for name, runs in (("other.txt", ("files that its values name",)), ("absent.txt", ()), ("/etc/passwd", ())):
        files = {"net/main.tf": named.replace("NAME", name), "net/other.txt": "text\n"}
        assert ground.terraform.plan(ground.site(files)).runs == runs
