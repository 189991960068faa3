"""`gitops-bot plan [DIR]`: plan a directory here and now, without a forge. Leaves nothing behind in it."""

import dataclasses
import json
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from bot.cli.call import Call

if TYPE_CHECKING:
    from bot.core.plan import Content

NO_CHANGES, CHANGES = 0, 2
COLOURS = {"+": "green", "-": "red", "!": "yellow", " ": "default"}


def run(call: Call) -> int:
    from bot.core.project import Project
    from bot.ports import Site
    from bot.wiring import ALWAYS_PASSED, found_tools

    directory = (call.cwd / call.options["dir"]).resolve()
    tool = found_tools(call.settings)["terraform"]
    with tempfile.TemporaryDirectory(prefix="gitops-bot-plan-") as scratch:
        top = Path(scratch)
        shutil.copytree(directory, top / "root", symlinks=True, ignore=shutil.ignore_patterns(".terraform", ".git"))
        for name in ("scratch", "kept"):
            (top / name).mkdir(mode=0o700)
        _lend_state(directory, top / "kept")
        site = Site(
            root=top / "root",
            project=Project(str(directory.name), ".", call.options["workspace"]),
            scratch=top / "scratch",
            kept=top / "kept",
            log=top / "log",
            environment={
                k: v for k, v in call.environment.items() if k in (*ALWAYS_PASSED, "HOME", *call.settings.tool_env)
            },
            timeout=call.settings.timeout.total_seconds(),
            stopped=lambda: False,
        )
        content = tool.plan(site).content
    if call.options["json"]:
        call.say(json.dumps(dataclasses.asdict(content), indent=2))
    else:
        _show(call, content)
    return NO_CHANGES if content.counts.empty else CHANGES


def _lend_state(directory: Path, kept: Path) -> None:
    """Local state beside the configuration is read from a copy."""
    if (directory / "terraform.tfstate").exists():
        shutil.copy2(directory / "terraform.tfstate", kept / "terraform.tfstate")
    if (directory / "terraform.tfstate.d").is_dir():
        shutil.copytree(directory / "terraform.tfstate.d", kept / "workspaces")


def _show(call: Call, content: "Content") -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console(file=call.out, highlight=False, soft_wrap=True)
    for change in (*content.changes, *content.outputs):
        console.print(Text(f"\n{change.action.value} {change.address}", style="bold"))
        for line in change.lines:
            console.print(Text(f"{line.marker} {line.text}", style=COLOURS.get(line.marker, "default")))
    for notice in content.notices:
        console.print(
            Text(f"\n{notice.severity.value}: {notice.summary} {notice.where}\n{notice.detail}", style="yellow")
        )
    named = {field.name: getattr(content.counts, field.name) for field in dataclasses.fields(content.counts)}
    counts = ", ".join(f"{number} {name}" for name, number in named.items() if number)
    console.print(Text(f"\n{counts or 'no changes'}"))
