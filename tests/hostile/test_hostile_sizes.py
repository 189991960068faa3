"""A plan with five thousand resources, each with a hostile key: the comment fits, page and log open, the apply goes."""

import re
import time
import urllib.request
from collections.abc import Iterator

import pytest

from bot.demo.stage import Stage
from tests.e2e.acting import approved, begin, plan_comment, propose, state_of
from tests.e2e.conftest import QUICK
from tests.hostile.test_hostile_names import powerless

TOKEN = "opens-the-pages-of-tests"
MANY = """resource "terraform_data" "many" {
  for_each = toset([for n in range(5000) : "${n}|`</details>@acme/team<script>"])
  input    = "${each.key} ```"
}
"""


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Stage, int]]:
    with Stage(tmp_path_factory.mktemp("many") / "stage", QUICK | {"SERVER__TOKEN": TOKEN}) as stage:
        number = propose(stage, begin(stage), {"many/main.tf": MANY})
        stage.comment_with(number, "5,000 to create", "What blocks the apply", patience=120)
        yield stage, number


def opened(stage: Stage, path: str) -> tuple[str, float]:
    """A page, and how many seconds it took."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    began = time.monotonic()
    asked = urllib.request.Request(f"{stage.bot_url}{path}", headers={"Authorization": f"Bearer {TOKEN}"})
    return opener.open(asked, timeout=60).read().decode(), time.monotonic() - began


def run_page(stage: Stage, number: int) -> str:
    (path,) = set(re.findall(r"\(http://[^/]+(/runs/[0-9a-f]+)[^)]*\)", plan_comment(stage, number)))
    return str(path)


def test_the_comment_fits_and_is_powerless(planned: tuple[Stage, int]) -> None:
    stage, number = planned
    comment = plan_comment(stage, number)
    assert len(comment.encode()) < 65_536
    powerless(comment)
    assert "Not shown here" in comment


def test_its_page_opens(planned: tuple[Stage, int]) -> None:
    stage, number = planned
    page, seconds = opened(stage, run_page(stage, number))
    assert "5,000" in page
    assert "<script>" not in page.replace("<script src=", "")
    assert len(page) < 20_000_000
    assert seconds < 20


def test_its_log_opens(planned: tuple[Stage, int]) -> None:
    stage, number = planned
    path = run_page(stage, number)
    page, _ = opened(stage, path)
    (log,) = {link.replace("&amp;", "&") for link in re.findall(rf'href="({path}/[^"]*log[^"]*)"', page)}
    shown, seconds = opened(stage, log)
    assert "terraform_data.many" in shown
    assert "<script>" not in shown.replace("<script src=", "")
    assert seconds < 10


def test_it_is_applied(planned: tuple[Stage, int]) -> None:
    """Terraform itself takes most of a minute for this."""
    stage, number = planned
    approved(stage, number)
    stage.alice.comment(stage.repo, number, "/apply")
    comment = stage.comment_with(number, "Applied", "5000 added", patience=170)
    powerless(comment)
    assert state_of(stage, "many").count('"index_key"') == 5000
