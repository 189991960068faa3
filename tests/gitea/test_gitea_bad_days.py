"""The bot and a real Gitea on bad days: pushes while it applies, a forge that restarts, clocks that differ."""

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.e2e.acting import ONE, applied, approved, begin, go_on, held, propose, state_of
from tests.gitea.people import BOT, KEEPER, invite
from tests.gitea.proxy import proxied
from tests.gitea.running import Place, Site, furnish, need, plant
from tests.gitea.server import Server
from tests.gitea.stage import GiteaStage

OFTEN, HARDLY_EVER = {"SWEEP_EVERY": "1s"}, {"SWEEP_EVERY": "10m"}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    need()
    with Server(tmp_path / "gitea") as own:
        yield own


@pytest.fixture
def stage(place: Place, tmp_path: Path) -> Iterator[GiteaStage]:
    with GiteaStage(place, tmp_path / "stage", HARDLY_EVER) as own:
        yield own


def applying(stage: GiteaStage) -> int:
    """A pull request whose apply runs until `go_on`; its number."""
    number = propose(stage, begin(stage), {"net/main.tf": held(stage)})
    approved(stage, number)
    stage.alice.comment(stage.repo, number, "/apply")
    stage.wait_for("the tool", lambda: list(stage.data.glob("applies/*/tool")))
    return number


def test_a_force_push_while_an_apply_runs_is_not_merged_and_the_outcome_is_told(stage: GiteaStage) -> None:
    number = applying(stage)
    clone = stage.clone()
    stage.alice.git(clone, "checkout", "--quiet", "-B", "change", "origin/main")
    stage.alice.git(clone, "commit", "--quiet", "--allow-empty", "-m", "Something else")
    stage.alice.git(clone, "push", "--quiet", "--force", "origin", "change")
    go_on(stage)
    stage.wait_for_comment(number, "Applied", "a push came after the apply", "The lock is kept")
    assert "terraform_data" in state_of(stage, "net")
    assert not stage.alice.pull(stage.repo, number)["merged"]


def test_a_branch_deleted_while_an_apply_runs_is_told_and_keeps_the_lock(stage: GiteaStage) -> None:
    number = applying(stage)
    stage.alice.git(stage.clone(), "push", "--quiet", "origin", ":change")
    go_on(stage)
    stage.wait_for_comment(number, "Applied")
    assert not stage.alice.pull(stage.repo, number)["merged"]


def test_a_gitea_that_restarts_while_an_apply_runs_hears_how_it_ended(server: Server, tmp_path: Path) -> None:
    plant(seed := tmp_path / "seed.git")
    site = Site(server.url, server.repositories, invite(server.url, server.token), seed)
    with GiteaStage(furnish(site, tmp_path, "acme"), tmp_path / "stage", OFTEN) as stage:
        number = applying(stage)
        server.stop()
        go_on(stage)
        stage.wait_for("the apply's end", lambda: "terraform_data" in state_of(stage, "net"))
        server.start()
        stage.wait_for_merge(number)
        stage.wait_for_comment(number, "Applied", "Merged as")


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_gitea_whose_clock_differs_is_obeyed_all_the_same(place: Place, tmp_path: Path, hours: int) -> None:
    with proxied(place.site.url) as line:
        line.shift = timedelta(hours=hours)
        own = OFTEN | {"GITEA__URL": line.url}
        with GiteaStage(place, tmp_path / "stage", own, webhook=False) as stage:
            number = propose(stage, begin(stage), {"net/main.tf": ONE})
            applied(stage, number)
            assert "terraform_data" in state_of(stage, "net")


def test_a_fork_deleted_while_its_plan_runs_harms_nobody(place: Place, tmp_path: Path) -> None:
    stage = GiteaStage(place, tmp_path / "stage", OFTEN)
    with with_a_tool_that_waits(stage):
        begin(stage)
        number, fork = fork_of(place)
        stage.wait_for_comment(number, "fork")
        head = stage.alice.pull(stage.repo, number)["head"]["sha"]
        stage.alice.comment(stage.repo, number, f"/plan {head}")
        stage.wait_for("the tool", lambda: (stage.outside / "looked").exists())
        place.person("carol").api("DELETE", f"/repos/{fork}")
        go_on(stage)
        stage.wait_for_comment(number, "terraform_data.one")
        other = propose(stage, stage.clone(), {"net/main.tf": ONE}, "other")
        applied(stage, other)


def with_a_tool_that_waits(stage: GiteaStage) -> GiteaStage:
    """Its plans wait to be let go on, a minute at most."""
    tools = stage.directory / "tools"
    tools.mkdir(parents=True)
    waits = f"touch {stage.outside}/looked; for i in $(seq 300); do [ -e {stage.outside}/go ] && break; sleep 0.2; done"
    real = shutil.which("terraform") or pytest.skip("no terraform on PATH")
    (tools / "terraform").write_text(f'#!/bin/sh\ncase "$*" in *-out=*) {waits} ;; esac\nexec {real} "$@"\n')
    (tools / "terraform").chmod(0o755)
    stage._path = f"{tools}:{stage._path}"
    return stage


def fork_of(place: Place) -> tuple[int, str]:
    """A pull request of carol's from her fork; its number and the fork's name."""
    carol = place.person("carol")
    name = f"fork-of-{place.repo.partition('/')[2]}"
    made = str(carol.api("POST", f"{place.path}/forks", name=name)["full_name"])
    clone = place.clone.parent / "carol"
    carol.git(place.clone.parent, "clone", "--quiet", f"{carol.url}/{made}.git", str(clone))
    carol.git(clone, "checkout", "--quiet", "-b", "theirs")
    carol.commit(clone, {"net/main.tf": ONE}, "From outside")
    carol.git(clone, "push", "--quiet", "origin", "theirs")
    pull = carol.api("POST", f"{place.path}/pulls", head=f"{made}:theirs", base="main", title="From outside")
    return int(pull["number"]), made


def test_a_repository_renamed_while_an_apply_runs_hears_how_it_ended(place: Place, tmp_path: Path) -> None:
    owner = place.repo.partition("/")[0]
    with GiteaStage(place, tmp_path / "stage", OFTEN | {"REPOS": f"{owner}/*"}) as stage:
        number = applying(stage)
        stage.alice.api("PATCH", f"/repos/{stage.repo}", name="elsewhere")
        stage.repo = f"{owner}/elsewhere"
        go_on(stage)
        stage.wait_for_comment(number, "Applied", "Merged as")


def test_a_repository_archived_while_an_apply_runs_keeps_what_came_of_it(place: Place, tmp_path: Path) -> None:
    with GiteaStage(place, tmp_path / "stage", OFTEN) as stage:
        number = applying(stage)
        stage.alice.api("PATCH", f"/repos/{stage.repo}", archived=True)
        go_on(stage)
        stage.wait_for("the apply's end", lambda: "terraform_data" in state_of(stage, "net"))
        stage.alice.api("PATCH", f"/repos/{stage.repo}", archived=False)
        stage.wait_for_comment(number, "Applied")


def test_a_repository_hidden_from_us_while_an_apply_runs_hears_of_it_when_we_may_see_it_again(
    place: Place, tmp_path: Path
) -> None:
    with GiteaStage(place, tmp_path / "stage", OFTEN) as stage:
        number = applying(stage)
        place.person(KEEPER).api("DELETE", f"{place.path}/collaborators/{BOT}")
        go_on(stage)
        stage.wait_for("the apply's end", lambda: "terraform_data" in state_of(stage, "net"))
        place.give(BOT, "admin")
        stage.wait_for_comment(number, "Applied")


def test_a_rollback_of_commits_that_became_the_branch_takes_back_all_of_them_and_no_others(stage: GiteaStage) -> None:
    styles = ("merge_commits", "rebase", "rebase_explicit", "squash_merge")
    only = {f"allow_{style}": False for style in styles} | {"allow_fast_forward_only_merge": True}
    stage.alice.api("PATCH", f"/repos/{stage.repo}", default_merge_style="fast-forward-only", **only)
    clone = begin(stage)
    stage.alice.push(clone, {"others.txt": "stay\n"}, "main", "Somebody else's")
    stage.alice.push(clone, {"first.txt": "1\n"}, "change", "The first")
    stage.alice.push(clone, {"net/main.tf": ONE}, "change", "The second")
    number = stage.alice.open_pull(stage.repo, "change", "main", "Two commits")
    approved(stage, number)
    stage.alice.comment(stage.repo, number, "/apply")
    stage.wait_for_merge(number)
    stage.alice.comment(stage.repo, number, "/rollback")
    stage.wait_for("the revert", lambda: stage.alice.pulls(stage.repo))
    stage.alice.git(clone, "fetch", "--quiet")
    (branch,) = stage.alice.git(clone, "branch", "--remotes", "--list", "origin/gitops-bot/rollback-*").split()
    files = stage.alice.git(clone, "ls-tree", "-r", "--name-only", branch).split()
    assert "others.txt" in files
    assert not {"first.txt", "net/main.tf"} & set(files)
