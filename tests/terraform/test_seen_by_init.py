"""What init reads of a file, and what it passes over."""

import pytest

from bot.tools.terraform.hcl import strip_bodies

RESOURCE = 'resource "a_b" "one" {\n  text = "}{ module \\"x\\""\n  more {\n    provider = a.west\n  }\n}\n'
MODULE = 'module "m" {\n  source = "./m"\n}\n'


def seen(text: str, name: str = "main.tf") -> bytes:
    return strip_bodies(name, text.encode())


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (RESOURCE, RESOURCE.replace("text", "other")),
        (RESOURCE, RESOURCE.replace('"one"', '"two"')),
        (RESOURCE, RESOURCE + RESOURCE.replace('"one"', '"two"')),
        (RESOURCE, "# a comment\n" + RESOURCE),
        (RESOURCE + MODULE, RESOURCE.replace("more", "less") + MODULE),
        ('output "o" {\n  value = "1"\n}\n', 'output "o" {\n  value = "2"\n}\n'),
    ],
)
def test_a_body_makes_no_difference(one: str, other: str) -> None:
    assert seen(one) == seen(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (RESOURCE, RESOURCE.replace("a_b", "b_b")),
        (RESOURCE, RESOURCE.replace("a.west", "a.east")),
        (RESOURCE, RESOURCE + MODULE),
        (RESOURCE + MODULE, RESOURCE + MODULE.replace("./m", "./n")),
        (MODULE + RESOURCE, MODULE.replace("./m", "./n") + RESOURCE),
        ('terraform {\n  backend "s3" {}\n}\n', 'terraform {\n  backend "gcs" {}\n}\n'),
        ('provider "a" {\n  alias = "x"\n}\n', 'provider "a" {\n  alias = "y"\n}\n'),
        ('variable "v" {\n  default = "1"\n}\n', 'variable "v" {\n  default = "2"\n}\n'),
    ],
)
def test_what_init_reads_makes_one(one: str, other: str) -> None:
    assert seen(one) != seen(other)


def test_json_is_taken_as_it_is() -> None:
    assert seen('{"resource": {}}', "main.tf.json") != seen('{"resource":{}}', "main.tf.json")
