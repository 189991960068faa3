"""What a plan says is true: whose lock it is, what fails, what is made and taken away, and what runs beside that."""

import json
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from bot.core.errors import Refused, ToolFailed
from bot.core.plan import Action, Content, Notice
from bot.core.project import Project
from bot.core.run import ApplyOutcome
from bot.tools.terraform.plan_json import read_plan
from tests.terraform.conftest import Ground

CHECK = """resource "terraform_data" "x" {
  input = 1
}
check "health" {
  assert {
    condition     = terraform_data.x.input == 2
    error_message = "The endpoint answered 503."
  }
}
"""
SECRET_OUTPUT = 'output "o" {\n  value     = sensitive("a-long-secret")\n  sensitive = true\n}\n'
PROVISIONERS = """resource "terraform_data" "x" {
  input = "it"
  provisioner "local-exec" {
    command = "echo   made"
  }
  provisioner "local-exec" {
    command = "echo ${self.input}"
  }
}
"""
POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"


@contextmanager
def held_state(body: bytes) -> Iterator[str]:
    """An HTTP backend whose state somebody else has locked."""

    class Held(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(404)

        def do_LOCK(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(423)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Held)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/state"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize(
    ("body", "holders"),
    [
        (
            json.dumps({"ID": "4f1c-77", "Who": "carol@laptop", "Created": "2026-01-02T03:04:05Z"}).encode(),
            (r"by another \(lock 4f1c-77\): its backend does not tell by whom$", "by carol@laptop since 2026-01-02"),
        ),
        (b"no JSON", ("by another: its backend does not tell by whom$",) * 2),
    ],
)
def test_our_own_attempt_is_never_told_for_the_holder_of_a_lock(
    open_ground: Ground, program: Path, body: bytes, holders: tuple[str, str]
) -> None:
    """Terraform gives its own attempt for it, OpenTofu what the server answered."""
    with held_state(body) as address:
        backend = f'backend "http" {{\n    address      = "{address}"\n    lock_address = "{address}"\n  }}'
        with pytest.raises(Refused, match=f"^the state is locked {holders['tofu' in program.name]}"):
            open_ground.plan(f"terraform {{\n  {backend}\n}}\n{CHECK}")


def test_a_syntax_error_is_named_with_its_file_and_line(ground: Ground) -> None:
    with pytest.raises(ToolFailed, match=r"^Unclosed configuration block \(main.tf:1\)$") as failure:
        ground.plan('resource "terraform_data" "x" {\n')
    assert failure.value.where == "main.tf:1"


def test_a_failing_check_is_told_once_with_its_place(ground: Ground) -> None:
    (notice,) = ground.plan(CHECK).content.notices
    assert (notice.summary, notice.where) == ("check.health fails", "main.tf:6")
    assert notice.detail == "The endpoint answered 503."


def test_checks_that_passed_are_counted(ground: Ground) -> None:
    assert "Checks: 1 passed" in ground.plan(CHECK.replace("== 2", "== 1")).content.notes


def test_a_sensitive_output_comes_and_goes(ground: Ground) -> None:
    made = ground.plan(SECRET_OUTPUT).content.outputs[0]
    assert [(line.marker, line.text.strip()) for line in made.lines] == [("+", "o = (sensitive value)")]
    ground.apply(SECRET_OUTPUT)
    gone = ground.plan("").content.outputs[0]
    assert [(line.marker, line.text.strip()) for line in gone.lines] == [("-", "o = (sensitive value)")]


def test_provisioners_that_may_run_are_told(ground: Ground) -> None:
    planned = ground.plan(PROVISIONERS)
    lines = [line.text.strip() for line in planned.content.changes[0].lines if line.marker == "!"]
    assert lines == [
        "# may run when it is created: local-exec: echo made",
        "# may run when it is created: local-exec: a command made of self.input, self",
    ]
    ground.apply(PROVISIONERS)
    assert "may run" not in repr(ground.plan(PROVISIONERS.replace('"it"', '"that"')).content)
    assert "may run when it is destroyed: local-exec" in repr(ground.plan(PROVISIONERS, destroy=True).content)


def test_provisioners_in_modules_are_told_and_their_secrets_are_not() -> None:
    module = {
        "resources": [
            {
                "address": "x.y",
                "provisioners": [
                    {"type": "local-exec", "expressions": {"command": {"constant_value": "login a-long-secret"}}},
                    {"type": "chef"},
                ],
            }
        ]
    }
    change = {"actions": ["delete", "create"], "before": {"p": "a-long-secret"}, "before_sensitive": {"p": True}}
    content = read(
        [{"address": 'module.a["k"].x.y[0]', "change": change}],
        configuration={"root_module": {"module_calls": {"a": {"module": module}}}},
    )
    assert [line.text.strip() for line in content.changes[0].lines if "may run" in line.text] == [
        "# may run when it is destroyed or created: local-exec: login (sensitive value)",
        "# may run when it is destroyed or created: chef",
    ]


@pytest.mark.parametrize("actions", [["forget", "create"], ["create", "forget"]])
def test_a_replacement_whose_old_object_stays_is_a_replacement(actions: list[str]) -> None:
    content = read([{"address": "x.y", "change": {"actions": actions}}])
    assert (content.changes[0].action, content.counts.replace, content.counts.unknown) == (Action.REPLACE, 1, 0)


@pytest.mark.parametrize(
    ("tool", "actions", "warned"),
    [
        ("Terraform 1.16.0", ["delete", "create"], True),
        ("Terraform 1.16.0-rc1", ["delete", "create"], True),
        ("Terraform 1.16.1", ["delete", "create"], False),
        ("Terraform 1.15.9", ["delete", "create"], False),
        ("OpenTofu 1.16.0", ["delete", "create"], False),
        ("Terraform 1.16.0", ["create", "delete"], False),
        ("Terraform 1.16.2", ["forget"], True),
        ("Terraform 1.16.2", ["create", "forget"], True),
        ("Terraform 1.16.3", ["forget"], False),
    ],
)
def test_a_version_that_does_otherwise_than_its_plans_say_is_warned_of(
    tool: str, actions: list[str], warned: bool
) -> None:
    notices = read([{"address": "x.y", "change": {"actions": actions}}], tool=tool).notices
    assert [notice.summary for notice in notices] == [f"{tool} does not apply this plan as it is written"] * warned


def test_committed_state_is_refused_with_what_helps(ground: Ground) -> None:
    site = ground.site({"net/main.tf": CHECK, "net/terraform.tfstate": "{}"})
    with pytest.raises(Refused, match=r"net: terraform.tfstate is in Git.*its operator copies it to .*/kept/terraform"):
        ground.terraform.plan(site)


def test_files_in_lfs_and_submodules_are_named(ground: Ground) -> None:
    with pytest.raises(Refused, match="net/a.auto.tfvars: in Git LFS, from which nothing is fetched here"):
        ground.terraform.plan(ground.site({"net/main.tf": CHECK, "net/a.auto.tfvars": POINTER}))
    submodules = (
        '[submodule "m"]\n\tpath = net/m\n\turl = https://x\n[submodule "n"]\n\tpath = other\n\turl = https://y\n'
    )
    site = ground.site({"net/main.tf": CHECK, "net/zip/f.zip": POINTER, ".gitmodules": submodules})
    (site.directory / "m").mkdir()
    assert summaries(ground.terraform.plan(site).content.notices)[:2] == [
        "Git LFS has the content of net/zip/f.zip",
        "Submodules are not fetched: net/m is empty here",
    ]


def test_the_path_of_a_downloaded_module_is_the_same_for_every_plan_and_for_the_apply(
    ground: Ground, tmp_path: Path
) -> None:
    module = tmp_path / "module"
    module.mkdir()
    (module / "motd").write_text("good morning\n")
    (module / "main.tf").write_text(
        'resource "terraform_data" "x" {\n  input = "${path.module}/motd"\n'
        '  provisioner "local-exec" {\n    command = "cat ${self.input} > $HOME/copy"\n  }\n}\n'
    )
    git = ["git", "-C", str(module), "-c", "user.name=a", "-c", "user.email=a@b"]
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-qm", "x"]):
        subprocess.run([*git, *arguments], check=True)
    text = f'module "m" {{\n  source = "git::file://{module}"\n}}\n'
    ground = replace(ground, read=(*ground.read, module))
    planned = ground.plan(text)
    assert planned.artifact
    assert planned.canonical == ground.plan(text).canonical
    site = ground.site({"net/main.tf": text})
    applied = ground.carry_out(site, planned.artifact)
    assert applied.outcome is ApplyOutcome.DONE, applied.output
    assert Path(site.environment["HOME"], "copy").read_text() == "good morning\n"


def test_workspaces_of_one_directory_have_modules_of_their_own_in_one_checkout(ground: Ground) -> None:
    first = ground.site({"net/main.tf": CHECK}, Project("net", "net", "a"))
    second = ground.site({"net/main.tf": CHECK}, Project("net", "net", "b"))
    links = [ground.terraform._commands(site).env["TF_DATA_DIR"] for site in (first, second, first)]
    assert links[0] == links[2] != links[1]


def test_a_name_that_the_bot_uses_itself_is_refused(ground: Ground) -> None:
    with pytest.raises(Refused, match=r"has a \.gitops-bot of its own, a name that the bot uses: rename it"):
        ground.terraform.plan(ground.site({"net/main.tf": CHECK, ".gitops-bot": "x"}))


def read(rows: list[dict[str, Any]], tool: str = "Terraform 1.11.4", **more: Any) -> Content:
    return read_plan(json.dumps({"format_version": "1.2", "resource_changes": rows, **more}), tool).content


def summaries(notices: tuple[Notice, ...]) -> list[str]:
    return [notice.summary for notice in notices]
