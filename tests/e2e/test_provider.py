"""Terraform and OpenTofu with a provider that has teeth, seen from the pull request."""

import os
import re
import shutil
import signal
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from sandbox.stage import PROGRAM_PATH
from tests.e2e.acting import applied, approved, begin, bots_comments, left, plan_comment, propose, pull_main, state_of
from tests.e2e.conftest import Shared, sharing
from tests.provider.shelf import Shelf, book, needed
from tests.staging import Stage

TOKEN = "a-token-for-the-pages-of-the-bot"
NAMES = ("terraform", "tofu")
SECRET, KEY = "correct-horse-battery", "write-only-staple"


@dataclass(frozen=True)
class Ground:
    """A stage whose repository has projects with the provider."""

    stage: Stage
    shelf: Shelf
    clone: Path

    def propose(self, *books: str, branch: str = "change", more: str = "") -> int:
        return propose(self.stage, self.clone, {"net/main.tf": self.shelf.text(*books, more=more)}, branch)

    def land(self, *books: str, branch: str = "first") -> None:
        applied(self.stage, self.propose(*books, branch=branch))
        pull_main(self.stage, self.clone)

    def apply(self, number: int) -> None:
        approved(self.stage, number)
        self.stage.alice.comment(self.stage.repo, number, "/apply")

    def apply_again(self, number: int) -> None:
        """Another plan wants another approval."""
        self.stage.bob.approve(self.stage.repo, number)
        self.stage.wait_for_comment(number, "1 of 1 approval")
        self.stage.alice.comment(self.stage.repo, number, "/apply")

    def tool(self) -> int:
        """The process id of the tool that applies, once it has begun to make something."""
        self.stage.wait_for("an object", lambda: list(self.shelf.objects.glob("*.json")))
        return int(next(self.stage.data.glob("applies/*/tool")).read_text())


def furnished(name: str, top: Path) -> tuple[Shelf, dict[str, Any]]:
    """A shelf for the program of that name, and what a bot is begun with to have it."""
    shelf = Shelf.make(top / "shelf")
    program = needed(name) if name == "tofu" else Path(shutil.which(name, path=PROGRAM_PATH) or "")
    shelf.count(name, program)
    settings = {"BINARIES": name, "CLI_CONFIG": str(shelf.cli_config)}
    settings = {f"TERRAFORM__{key}": value for key, value in settings.items()} | {"SERVER__TOKEN": TOKEN}
    settings |= {"CAGE__WRITE": str(top), "CAGE__READ": str(program)}
    return shelf, {"settings": settings, "path": f"{shelf.programs}:{PROGRAM_PATH}"}


@pytest.fixture(scope="module", params=NAMES)
def common(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Shelf, Shared]]:
    top = tmp_path_factory.mktemp("provider")
    shelf, begun = furnished(request.param, top)
    with sharing(top, **begun) as its:
        yield shelf, its


@pytest.fixture
def ground(common: tuple[Shelf, Shared], tmp_path: Path) -> Ground:
    shelf, shared = common
    stage = shared.anew()
    return Ground(stage, shelf.emptied(shelf.top / tmp_path.name), begin(stage))


@pytest.fixture(params=NAMES)
def alone(request: pytest.FixtureRequest, tmp_path: Path, stages: Callable[..., Stage]) -> Ground:
    """For who takes the mirror away, or looks at the bot's files and processes."""
    shelf, begun = furnished(request.param, tmp_path)
    stage = stages(**begun)
    return Ground(stage, shelf, begin(stage))


def test_an_update_in_place(ground: Ground) -> None:
    ground.land(book("a"))
    number = ground.propose(book("a", "Another"))
    comment = ground.stage.wait_for_comment(number, "1 to change", "What blocks the apply")
    assert '"One" -> "Another"' in comment
    ground.apply(number)
    ground.stage.wait_for_merge(number)
    assert (ground.shelf.object("a") or {})["title"] == "Another"


def test_a_forced_replacement_names_the_attribute(ground: Ground) -> None:
    ground.land(book("a"))
    number = ground.propose(book("b"))
    comment = ground.stage.wait_for_comment(number, "1 to replace", "What blocks the apply")
    assert re.search(r'name.*"a" -> "b".*forces replacement', comment)
    ground.apply(number)
    ground.stage.wait_for_merge(number)
    assert (ground.shelf.object("a"), bool(ground.shelf.object("b"))) == (None, True)


def test_a_second_plan_and_the_apply_download_nothing_and_the_end_drops_what_was_kept(alone: Ground) -> None:
    number = alone.propose(book("a"))
    alone.stage.wait_for_comment(number, "1 to create", "What blocks the apply")
    alone.shelf.close()
    alone.stage.alice.push(alone.clone, {"net/main.tf": alone.shelf.text(book("b"))}, "change", "Another")
    alone.stage.wait_for("the second plan", lambda: '"b"' in plan_comment(alone.stage, number))
    alone.apply(number)
    alone.stage.wait_for_merge(number)
    assert alone.shelf.object("b")
    assert alone.shelf.calls("init") == 1
    alone.stage.wait_for("the end", lambda: not list(alone.stage.data.glob("prepared/*")))


def test_secrets_are_nowhere(alone: Ground, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(SECRET)
    (tmp_path / "key").write_text(KEY)
    lines = (f'secret = file("{tmp_path}/secret")', f'key_wo = file("{tmp_path}/key")', "key_wo_version = 1")
    number = alone.propose(book("a", "One", *lines))
    comment = alone.stage.wait_for_comment(number, "(sensitive value)", "What blocks the apply")
    assert "key_wo_version" in comment
    alone.apply(number)
    alone.stage.wait_for_merge(number)
    alone.stage.wait_for_comment(number, "Applied", "Merged as")
    found = alone.shelf.object("a") or {}
    assert (found["secret"], found["key"]) == (SECRET, sha256(KEY.encode()).hexdigest()[:16])
    said = [*bots_comments(alone.stage, number), *pages(alone, number)]
    assert not [text for text in said if SECRET in text or KEY in text]
    for path, content in left(alone.stage).items():
        assert KEY.encode() not in content, path
        assert SECRET.encode() not in content or path.is_relative_to(alone.stage.data / "state"), path
    assert SECRET in state_of(alone.stage, "net")


def pages(ground: Ground, number: int) -> list[str]:
    """Every page of the bot that the pull's comments link to."""
    said = "\n".join(bots_comments(ground.stage, number))
    links = set(re.findall(rf"\]\(({re.escape(ground.stage.bot_url)}[^)]*)\)", said))
    assert links
    return [_page(link.partition("?")[0]) for link in sorted(links)]


def _page(link: str) -> str:
    request = urllib.request.Request(link, headers={"Authorization": f"Bearer {TOKEN}"})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=30) as answer:
        return str(answer.read().decode())


def test_an_import_block(ground: Ground) -> None:
    ground.shelf.put("old", title="One")
    number = ground.propose(book("old"), more='import {\n  to = shelf_book.one\n  id = "old"\n}\n')
    ground.stage.wait_for_comment(number, "1 to import", "What blocks the apply")
    ground.apply(number)
    ground.stage.wait_for_merge(number)
    assert '"old"' in state_of(ground.stage, "net")


def test_drift_made_by_hand_is_shown_and_taken_back_by_the_apply(ground: Ground) -> None:
    ground.land(book("a"), branch="first")
    ground.shelf.put("a", title="By hand")
    number = ground.propose(book("a"), book("b", at="two"))
    comment = ground.stage.wait_for_comment(number, "By hand", "What blocks the apply")
    assert '"By hand" -> "One"' in comment
    ground.apply(number)
    ground.stage.wait_for_merge(number)
    assert (ground.shelf.object("a") or {})["title"] == "One"


def test_a_failing_create_says_where(ground: Ground) -> None:
    number = ground.propose(book("a", "One", 'fails = "before"'))
    ground.apply(number)
    comment = ground.stage.wait_for_comment(number, "The shelf is full", "/plan")
    assert re.search(r"The shelf is full \(main\.tf:\d+\)", comment)
    assert "shelf_book.one: not made" in comment
    assert not ground.stage.alice.pull(ground.stage.repo, number)["merged"]


def test_a_create_that_fails_half_way_is_told_tainted_and_planned_as_a_replacement(ground: Ground) -> None:
    number = ground.propose(book("a"), book("b", "Two", 'fails = "after"', at="two"))
    ground.apply(number)
    comment = ground.stage.wait_for_comment(number, "The shelf broke", "/plan")
    assert re.search(r"The shelf broke \(main\.tf:\d+\)", comment)
    assert "shelf_book.one: created" in comment
    assert "shelf_book.two: tainted" in comment
    assert not ground.stage.alice.pull(ground.stage.repo, number)["merged"]
    ground.stage.alice.push(
        ground.clone, {"net/main.tf": ground.shelf.text(book("a"), book("b", "Two", at="two"))}, "change", "Mend it"
    )
    comment = ground.stage.wait_for_comment(number, "1 to replace", "What blocks the apply")
    assert "tainted" in comment
    ground.apply_again(number)
    ground.stage.wait_for_merge(number)
    assert (ground.shelf.object("b") or {})["finished"]


def test_a_pull_closed_after_a_half_failed_apply_keeps_its_lock_and_says_why(ground: Ground) -> None:
    number = ground.propose(book("b", "Two", 'fails = "after"'))
    ground.apply(number)
    ground.stage.wait_for_comment(number, "shelf_book.one: tainted")
    ground.stage.alice.close(ground.stage.repo, number)
    ground.stage.wait_for_comment(number, "Closed, but applied", "`net`", "/unlock")
    other = ground.propose(book("c"), branch="other")
    comment = ground.stage.wait_for_comment(other, "What blocks the apply")
    assert f"locked by #{number} since" in comment
    assert f"apply and merge #{number}, or" in comment
    assert "tainted" in comment


def test_a_rollback_takes_back_what_was_mended_after_a_half_failed_apply(ground: Ground) -> None:
    ground.land(book("a"))
    two = book("b", "Two", 'fails = "after"', at="two")
    number = ground.propose(book("a"), two)
    ground.apply(number)
    ground.stage.wait_for_comment(number, "shelf_book.two: tainted")
    mended = {"net/main.tf": ground.shelf.text(book("a"), book("b", "Two", at="two"))}
    ground.stage.alice.push(ground.clone, mended, "change", "Mend it")
    ground.stage.wait_for_comment(number, "1 to replace", "What blocks the apply")
    ground.apply_again(number)
    ground.stage.wait_for_merge(number)
    ground.stage.alice.comment(ground.stage.repo, number, "/rollback")
    back = int(re.findall(r"Pull request (\d+)", ground.stage.wait_for_comment(number, "takes back what"))[0])
    ground.stage.wait_for_comment(back, "1 to destroy", "shelf_book.two")
    ground.apply(back)
    ground.stage.wait_for_merge(back)
    assert ground.shelf.object("b") is None
    assert ground.shelf.object("a")


def test_a_slow_apply_is_cancelled_once_and_told(alone: Ground) -> None:
    number = alone.propose(book("a", "One", "seconds = 60"))
    alone.apply(number)
    alone.tool()
    alone.stage.alice.comment(alone.stage.repo, number, "/cancel")
    comment = alone.stage.wait_for_comment(number, "shelf_book.one: tainted", "interrupted", "/plan")
    assert comment.count("Interrupt received") == 1
    assert "Two interrupts" not in comment
    alone.stage.alice.comment(alone.stage.repo, number, "/plan")
    alone.stage.wait_for_comment(number, "1 to replace", "tainted")


def test_a_tool_that_is_killed_in_mid_create_is_unknown(alone: Ground) -> None:
    number = alone.propose(book("a", "One", "seconds = 60"))
    alone.apply(number)
    tool = alone.tool()
    os.kill(tool, signal.SIGKILL)
    alone.stage.wait_for_comment(number, "Nobody can tell", "/plan")
    assert (alone.shelf.object("a") or {})["finished"] is False
    assert not alone.stage.alice.pull(alone.stage.repo, number)["merged"]
    os.killpg(tool, signal.SIGKILL)
