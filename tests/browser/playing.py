"""The demo's forge and bot, with the people at the forge's page."""

import contextlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from sandbox import scenes
from sandbox.stage import PROGRAM_PATH
from tests.staging import Stage

TOKEN = "read all of it"
SETTINGS = {"SWEEP_EVERY": "5s", "SERVER__TOKEN": TOKEN}
PATIENCE_MILLISECONDS = 60_000
SLOW = "slow"
PATIENT_TOOL = """\
#!/bin/sh
if [ "$1" = init ] && [ -e {slow} ]; then
    echo the first step is made
    until [ -e {gate} ]; do sleep 0.1; done
    echo the last step is made
fi
exec {real} "$@"
"""


@dataclass(frozen=True, slots=True)
class Demo:
    """`clone` is alice's; `number` is the open pull request that waits for a second person."""

    stage: Stage
    clone: Path
    number: int

    @property
    def gate(self) -> Path:
        """Until this file is there, the tool does not end in a project that has a file `slow`."""
        return _gate(self.stage.directory)

    def address(self, number: int) -> str:
        return f"{self.stage.forge.url}/{self.stage.repo}/pull/{number}"

    def propose(self, branch: str, title: str, files: dict[str, str]) -> int:
        """Push files on a branch from main, as it is at the forge, and open a pull request as alice; its number."""
        for command in (["checkout", "--quiet", "main"], ["pull", "--quiet"]):
            self.stage.alice.git(self.clone, *command)
        self.stage.alice.push(self.clone, files, branch, title)
        return self.stage.alice.open_pull(self.stage.repo, branch, "main", title)


@contextlib.contextmanager
def playing(directory: Path, port: int = 0) -> Iterator[Demo]:
    """As `gitops-bot demo` does it: the example brought up once, then a change with something of everything."""
    path = f"{_patient(directory)}:{PROGRAM_PATH}"
    with Stage(directory, SETTINGS, port=port, path=path, private=True) as stage:
        clone = scenes.bring_up(stage)
        stage.alice.push(
            clone, scenes.change_everything(scenes.example_files()), "bigger", "Grow the app, ship cart 2.1.0"
        )
        number = stage.alice.open_pull(stage.repo, "bigger", "main", "Grow the app, ship cart 2.1.0")
        stage.wait_for_comment(number, "What blocks the apply")
        yield Demo(stage, clone, number)


def _gate(directory: Path) -> Path:
    return directory / "outside" / "gate"


def _patient(directory: Path) -> Path:
    """A folder with a terraform (or tofu) before the machine's own, which waits at the gate where it is told to."""
    real = next(found for name in ("terraform", "tofu") if (found := shutil.which(name, path=PROGRAM_PATH)))
    tool = directory / "bin" / Path(real).name
    tool.parent.mkdir(parents=True)
    tool.write_text(PATIENT_TOOL.format(slow=SLOW, gate=_gate(directory), real=real))
    tool.chmod(0o755)
    return tool.parent


def sign_in(page: Page, bot_url: str, token: str = TOKEN) -> None:
    """At the bot's own door, with the token."""
    page.goto(f"{bot_url}/runs")
    page.get_by_label("token").fill(token)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Runs", level=1)).to_be_visible()


def act_as(page: Page, login: str) -> None:
    """Choose at the top of the forge's page who one is."""
    page.get_by_label("acting as").select_option(login)
    expect(page.get_by_label("acting as")).to_have_value(login)


def comment(page: Page, text: str) -> None:
    """Write it and press the button."""
    page.get_by_label("comment", exact=True).fill(text)
    page.get_by_role("button", name="Comment", exact=True).click()


def said_by_the_bot(page: Page, *words: str) -> Locator:
    """The newest comment of the bot that has all these words; waits for it."""
    found = page.locator("article", has=page.get_by_text("gitops-bot", exact=True))
    for word in words:
        found = found.filter(has_text=word)
    expect(found.last).to_be_visible(timeout=PATIENCE_MILLISECONDS)
    return found.last
