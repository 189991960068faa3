"""`gitops-bot setup gitea` against a real Gitea: the webhook that it makes and mends, and the rights that it wants."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.core.event import Commented, PullChanged, Pushed, Reviewed
from bot.ports import Host
from tests.gitea.conftest import SECRET
from tests.gitea.ear import Ear, listening
from tests.gitea.people import BOT, KEEPER, made_token
from tests.gitea.running import Place
from tests.gitea.teams import team
from tests.shell.calling import gitops_bot

PATH = "/webhooks/gitea"
BOT_URL = "https://gitops.example.test"
Done = subprocess.CompletedProcess[str]


@pytest.fixture
def ear() -> Iterator[Ear]:
    with listening() as heard:
        yield heard


@pytest.fixture
def here(tmp_path: Path) -> Path:
    directory = tmp_path / "here"
    directory.mkdir()
    return directory


def set_up(here: Path, place: Place, *more: str, **settings: str) -> Done:
    """`gitops-bot setup gitea` for the place's repository."""
    own = {
        "GITEA__URL": place.site.url,
        "GITEA__TOKEN": place.site.tokens[BOT],
        "GITEA__WEBHOOK_SECRET": SECRET,
        "SERVER__URL": BOT_URL,
        "REPOS": place.repo,
    } | settings
    return gitops_bot("setup", "gitea", place.repo, *more, cwd=here, **own)


def hooks(place: Place) -> list[Any]:
    """All of the repository's; Gitea tells their events in any order."""
    found = place.person("alice").api("GET", f"{place.path}/hooks")
    return [hook | {"events": sorted(hook["events"])} for hook in found]


def by_hand(place: Place, url: str = BOT_URL + PATH, **more: object) -> int:
    body: dict[str, object] = {"type": "gitea", "active": True, "events": ["push"]}
    made = place.person("alice").api(
        "POST", f"{place.path}/hooks", config={"url": url, "content_type": "json"}, **(body | more)
    )
    return int(made["id"])


def test_the_webhook_that_it_makes_brings_what_happens_in_pull_requests(
    here: Path, place: Place, host: Host, ear: Ear
) -> None:
    done = set_up(here, place, SERVER__URL=ear.url.removesuffix(PATH))
    assert (done.returncode, done.stderr) == (0, "")
    assert "have the rights they need" in done.stdout
    assert f"✓ webhook: made: it calls {ear.url}" in done.stdout
    number = place.open()
    bob = place.person("bob")
    bob.api("POST", f"{place.path}/issues/{number}/comments", body="/plan")
    bob.api("POST", f"{place.path}/pulls/{number}/reviews", event="APPROVED", body="good")
    place.push("change", {"more.txt": "x"})
    told = []
    for wanted in ("pull_request", "issue_comment", "pull_request_approved", "pull_request"):
        headers, body = ear.next(lambda headers, wanted=wanted: headers["X-Gitea-Event"] == wanted)
        told.append(type(host.parse(headers, body).event))
    assert told == [PullChanged, Commented, Reviewed, PullChanged]


def test_twice_is_once(here: Path, place: Place) -> None:
    set_up(here, place)
    before = hooks(place)
    again = set_up(here, place)
    assert again.returncode == 0
    assert "as it should" in again.stdout
    assert hooks(place) == before
    assert len(before) == 1


def test_a_dry_run_says_what_it_would_do_and_does_nothing(here: Path, place: Place) -> None:
    done = set_up(here, place, "--dry-run")
    assert done.returncode == 0
    assert f"! webhook: would be made: it would call {BOT_URL}{PATH}" in done.stdout
    assert hooks(place) == []
    by_hand(place)
    before = hooks(place)
    assert "would be replaced (it may have another secret)" in set_up(here, place, "--dry-run").stdout
    assert hooks(place) == before


def test_a_webhook_that_somebody_changed_is_mended_and_keeps_what_is_theirs(here: Path, place: Place) -> None:
    set_up(here, place)
    (made,) = hooks(place)
    place.person("alice").api(
        "PATCH",
        f"{place.path}/hooks/{made['id']}",
        active=False,
        events=["push", "release"],
        branch_filter="release/*",
        authorization_header="Bearer of-a-proxy",
        config={"url": BOT_URL + PATH, "content_type": "form"},
    )
    assert "would be mended" in set_up(here, place, "--dry-run").stdout
    assert not hooks(place)[0]["active"]
    done = set_up(here, place)
    for words in ("not active", "content type", "branch filter", "lacked pull_request_review", "lacked pull_request;"):
        assert words in done.stdout
    (mended,) = hooks(place)
    assert (mended["id"], mended["active"], mended["branch_filter"]) == (made["id"], True, "")
    assert set(mended["events"]) == {*made["events"], "release"}
    assert mended["config"] == made["config"]
    assert mended["authorization_header"] == "Bearer of-a-proxy"
    assert "as it should" in set_up(here, place).stdout


def test_with_a_new_secret_the_webhook_is_replaced(here: Path, place: Place, host: Host, ear: Ear) -> None:
    url = ear.url.removesuffix(PATH)
    set_up(here, place, SERVER__URL=url, GITEA__WEBHOOK_SECRET="the old one")
    (old,) = hooks(place)
    assert "replaced (it may have another secret)" in set_up(here, place, SERVER__URL=url).stdout
    (new,) = hooks(place)
    assert new["id"] != old["id"]
    place.push("change", {"more.txt": "x"})
    assert isinstance(host.parse(*ear.next()).event, Pushed)


def test_one_is_left_of_several_that_call_the_bot_and_others_are_left_alone(here: Path, place: Place) -> None:
    elsewhere = by_hand(place, "https://chat.example.test/webhooks/gitea")
    for _ in range(2):
        by_hand(place)
    assert "1 more called us" in set_up(here, place).stdout
    urls = [hook["config"]["url"] for hook in hooks(place)]
    assert sorted(urls) == ["https://chat.example.test/webhooks/gitea", BOT_URL + PATH]
    assert elsewhere in {hook["id"] for hook in hooks(place)}
    by_hand(place)
    assert "mended (1 more called us)" in set_up(here, place).stdout
    assert len(hooks(place)) == 2


def test_the_secret_is_in_nothing_that_anybody_can_read(here: Path, place: Place) -> None:
    done = set_up(here, place)
    assert SECRET not in done.stdout + done.stderr + str(hooks(place))
    assert place.site.tokens[BOT] not in done.stdout + done.stderr


@pytest.mark.parametrize(("role", "named"), [("read", "write access"), ("write", "admin access")])
def test_rights_that_the_account_lacks_are_named_and_nothing_is_made(
    here: Path, place: Place, role: str, named: str
) -> None:
    place.give(BOT, role)
    done = set_up(here, place)
    assert done.returncode == 3
    assert named in done.stderr
    assert hooks(place) == []


def test_a_scope_and_a_team_that_are_missing_are_named_and_nothing_is_made(here: Path, place: Place) -> None:
    narrow = made_token(place.site.url, BOT, "write:repository", "read:user", "read:misc")
    team(place, "ops", "write", "mallory")
    done = set_up(here, place, GITEA__TOKEN=narrow)
    assert done.returncode == 3
    assert "the scope write:issue" in done.stderr
    assert "team ops" in set_up(here, place).stderr
    assert hooks(place) == []


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"SERVER__URL": ""}, "SERVER__URL"),
        ({"GITEA__TOKEN": "0" * 40}, "GITEA__TOKEN"),
        ({"GITEA__WEBHOOK_SECRET": ""}, "GITEA__WEBHOOK_SECRET"),
        ({"REPOS": "acme/other"}, "REPOS"),
    ],
)
def test_a_setting_that_is_missing_or_wrong_is_named(
    here: Path, place: Place, settings: dict[str, str], named: str
) -> None:
    done = set_up(here, place, **settings)
    assert done.returncode == 3
    assert named in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_repository_that_gitea_does_not_show_is_refused_and_a_silent_gitea_is_a_failure(
    here: Path, place: Place
) -> None:
    place.person(KEEPER).api("DELETE", f"{place.path}/collaborators/{BOT}")
    assert set_up(here, place).returncode == 3
    silent = set_up(here, place, GITEA__URL="http://127.0.0.1:9")
    assert silent.returncode == 1
    assert "cannot be reached" in silent.stderr


def test_a_renamed_repository_is_set_up_under_its_new_name(here: Path, place: Place) -> None:
    owner, name = place.repo.split("/")
    place.person(KEEPER).api("PATCH", place.path, name=f"{name}-moved")
    done = set_up(here, place, REPOS=f"{owner}/*")
    assert done.returncode == 0
    assert f"{owner}/{name}-moved" in done.stdout
    assert len(place.person(KEEPER).pages(f"{place.path}-moved/hooks")) == 1
