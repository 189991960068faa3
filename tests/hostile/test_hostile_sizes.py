"""What is said of five thousand resources with hostile keys: the comment fits, page and log open.

A stand-in for the tool prints the JSON, as short as can be: what the real tool and its whole document take is measured
by `benchmarks/estate.py`.
"""

import json
import re
import urllib.request
from collections.abc import Iterator

import pytest

from tests.e2e.acting import ONE, begin, plan_comment, propose
from tests.e2e.conftest import QUICK
from tests.hostile.harmless import powerless
from tests.hostile.programs import install, path_with, uses
from tests.staging import Stage

TOKEN = "opens-the-pages-of-tests"
KEY = "{n}|`</details>@acme/team<script>"


def shown(count: int) -> str:
    """A document of `show -json` with so many resources: hostile keys, and the fewest fields that are read."""
    changes = [
        {
            "address": f"terraform_data.many[{json.dumps(KEY.format(n=n))}]",
            "mode": "managed",
            "type": "terraform_data",
            "name": "many",
            "index": KEY.format(n=n),
            "provider_name": "terraform.io/builtin/terraform",
            "change": {
                "actions": ["create"],
                "before": None,
                "after": {"input": f"{n} ```", "triggers_replace": None},
                "after_unknown": {"id": True, "output": True},
                "before_sensitive": False,
                "after_sensitive": {},
            },
        }
        for n in range(count)
    ]
    return json.dumps({"format_version": "1.2", "resource_changes": changes, "applyable": True, "complete": True})


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Stage, int]]:
    top = tmp_path_factory.mktemp("many")
    settings = QUICK | install(top / "programs") | {"SERVER__TOKEN": TOKEN}
    (top / "programs" / "shown.json").write_text(shown(5000))
    with Stage(top / "stage", settings, path=path_with(top / "programs")) as stage:
        number = propose(stage, begin(stage), {"gitops.yaml": uses("many", "many"), "many/main.tf": ONE})
        stage.wait_for_comment(number, "5,000 to create", "What blocks the apply")
        yield stage, number


def opened(stage: Stage, path: str) -> str:
    """A page, which has a minute to come."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    asked = urllib.request.Request(f"{stage.bot_url}{path}", headers={"Authorization": f"Bearer {TOKEN}"})
    return opener.open(asked, timeout=60).read().decode()


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
    page = opened(stage, run_page(stage, number))
    assert "terraform_data.many" in page
    assert "</details>@acme" not in page
    assert "<script>" not in page.replace("<script src=", "")
    assert len(page) < 20_000_000


def test_its_log_opens(planned: tuple[Stage, int]) -> None:
    stage, number = planned
    path = run_page(stage, number)
    page = opened(stage, path)
    (log,) = {link.replace("&amp;", "&") for link in re.findall(rf'href="({path}/[^"]*log[^"]*)"', page)}
    shown = opened(stage, log)
    assert "terraform_data.one" in shown
    assert "<script>" not in shown.replace("<script src=", "")
