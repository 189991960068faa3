"""`gitops-bot demo` and `gitops-bot demo --story`."""

import contextlib
import shutil
import signal
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from bot.cli.call import Call

if TYPE_CHECKING:
    from bot.demo.stage import Stage

TOOL_MISSING = 3


def run(call: Call) -> int:
    from bot.demo.stage import Stage, Waited

    path = call.environment.get("PATH", "")
    if not any(shutil.which(name, path=path) for name in ("terraform", "tofu")):
        call.say("The demo needs Terraform or OpenTofu: install one of them and put it on your PATH.")
        return TOOL_MISSING
    with _directory(call.options["dir"]) as directory:
        try:
            with Stage(directory, {"SWEEP_EVERY": "5s"}, port=call.options["port"], path=path, private=True) as stage:
                return _story(call, stage) if call.options["story"] else _page(call, stage)
        except Waited as waited:
            call.say(f"This should have happened and did not: {waited}")
            return 1


def _story(call: Call, stage: "Stage") -> int:
    from bot.demo.story import Story

    Story(stage, call.say).play()
    return 0


def _page(call: Call, stage: "Stage") -> int:
    """Set the scene, say where it is, and stay until somebody ends it."""
    from bot.demo import scenes

    call.say("Setting up: a forge, the bot, and an example repository that is applied once…")
    clone = scenes.bring_up(stage)
    stage.alice.push(clone, scenes.changed_much(scenes.example()), "bigger", "Grow the app, ship cart 2.1.0")
    number = stage.alice.open_pull(stage.repo, "bigger", "main", "Grow the app, ship cart 2.1.0")
    stage.comment_with(number, "What blocks the apply")
    call.say(f"\n  {stage.forge.url}/{stage.repo}/pull/{number}\n")
    call.say("You act as alice, its author. Choose bob at the top right to approve; then comment /apply, or merge.")
    call.say("carol may only read. `/help` says what else there is. Ctrl-C ends the demo and removes it.")
    ended = threading.Event()
    for number_of_signal in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number_of_signal, lambda *_: ended.set())
    ended.wait()
    return 0


@contextlib.contextmanager
def _directory(chosen: Path | None) -> Iterator[Path]:
    """The directory that was named, which is kept, or a temporary one."""
    if chosen:
        yield chosen.resolve()
        return
    with tempfile.TemporaryDirectory(prefix="gitops-bot-demo-", ignore_cleanup_errors=True) as directory:
        yield Path(directory)
