"""Backends that are written so that only the tool would find them: what Terraform's own init takes, we see as well."""

import json
import subprocess
from pathlib import Path

import pytest

from bot.core.project import Project
from bot.tools.terraform.backends import read_backends
from bot.tools.terraform.backends import state_key as backend
from tests.terraform.conftest import ENV, Files

BLOCK = 'backend "local" {\n  path = "/elsewhere"\n}'
TERRAFORM = f"terraform {{\n{BLOCK}\n}}\n"
OURS = 'terraform {\n  backend "s3" {\n    bucket = "ours"\n  }\n}\n'
HIDDEN = {
    "whose type has no quotes": ("main.tf", TERRAFORM.replace('"local"', "local")),
    "whose type is written by numbers": ("main.tf", TERRAFORM.replace("local", "loc\\u0061l")),
    "between texts of templates that look like comments": (
        "main.tf",
        f'locals {{\n  a = "${{ "/*" }}"\n}}\n{TERRAFORM}locals {{\n  b = "${{ "*/" }}"\n}}\n',
    ),
    "behind a heredoc that seems to end": (
        "main.tf",
        f"locals {{\n  a = <<A\nA /*\n ${{ 1 }}A\nA\n}}\n{TERRAFORM}# */\n",
    ),
    "behind a heredoc that ends with a strange space": (
        "main.tf",
        f"locals {{\n  a = <<A\nA\u00a0\n}}\n{TERRAFORM}# A\n",
    ),
    "behind a heredoc of Windows": ("main.tf", f"locals {{\r\n  a = <<A\r\n/*\r\nA\r\n}}\n{TERRAFORM}# */\n"),
    "behind a brace in a text": ("main.tf", TERRAFORM.replace("path", 'workspace_dir = "}"\npath')),
    "in JSON, under a key that comes twice": (
        "main.tf.json",
        '{"terraform": {"backend": {"local": {"path": "/elsewhere"}}}, "terraform": {}}',
    ),
    "in JSON that is a list": ("main.tf.json", '[{"terraform": {"backend": {"local": {"path": "/elsewhere"}}}}]'),
}


@pytest.mark.parametrize(("name", "text"), HIDDEN.values(), ids=HIDDEN)
def test_a_backend(name: str, text: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text, newline="")
    init = ["terraform", "init", "-input=false", "-no-color"]
    subprocess.run(init, cwd=tmp_path, env=ENV | {"TF_CLI_CONFIG_FILE": "/dev/null"}, check=True, capture_output=True)
    chosen = json.loads((tmp_path / ".terraform" / "terraform.tfstate").read_text())["backend"]["config"]
    assert chosen["path"] == "/elsewhere"
    (found,) = read_backends(name, text.encode())
    assert "/elsewhere" in found.text


@pytest.mark.parametrize("name", ["x_override.tf", "x_override.tofu"])
def test_an_override_without_quotes_moves_the_state(name: str) -> None:
    project, theirs = Project("a", "a"), OURS.replace('"s3"', "s3").replace("ours", "theirs")
    assert backend(Files({"a/main.tf": OURS}), project) != backend(
        Files({"a/main.tf": OURS, f"a/{name}": theirs}), project
    )


def test_an_override_in_opentofus_json_moves_the_state() -> None:
    project, theirs = Project("a", "a"), '{"terraform": {"backend": {"s3": {"bucket": "theirs"}}}}'
    files = {"a/main.tf": OURS, "a/x_override.tofu.json": theirs}
    assert backend(Files({"a/main.tf": OURS}), project) != backend(Files(files), project)


def test_json_that_we_cannot_read_counts_as_a_whole() -> None:
    assert read_backends("x.tf.json", b"{") != read_backends("x.tf.json", b"{,") != []


def test_templates_in_templates_without_end_cost_little() -> None:
    assert read_backends("x.tf", b'a = "${' * 100_000) == []
