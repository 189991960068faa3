"""An App's statuses are check runs: one a name, with a summary and words at lines of files."""

from typing import Any

import pytest

from bot.core.errors import Refused, Transient
from bot.core.pull import Annotation, Check, CheckState, Pull, Status
from bot.hosts.github.rights import PERMISSIONS
from tests.hosts.on_sandbox import AppPlace

PLAN = "gitops-bot/plan"
PENDING = Status(PLAN, CheckState.PENDING, "planning", "https://bot.test/1")
FAILED = Annotation("infra/main.tf", 12, "Unsupported argument", "An argument is not expected here.")


def lines(number: int) -> tuple[Annotation, ...]:
    return tuple(
        Annotation("main.tf", line, "Deprecated", f"line {line}", fails=False) for line in range(1, number + 1)
    )


def run(app_place: AppPlace, pull: Pull) -> dict[str, Any]:
    return app_place.place.alice.check_runs(app_place.place.repo, pull.head.sha)[PLAN]


def all_runs(app_place: AppPlace, pull: Pull) -> list[dict[str, Any]]:
    path = f"/repos/{app_place.place.repo}/commits/{pull.head.sha}/check-runs?filter=all"
    found: list[dict[str, Any]] = app_place.place.alice.api("GET", path)["check_runs"]
    return found


def annotated(app_place: AppPlace, pull: Pull) -> list[dict[str, Any]]:
    return app_place.place.alice.annotations(app_place.place.repo, run(app_place, pull)["id"])


def test_a_status_is_a_check_run_that_goes_on_and_ends(app_place: AppPlace) -> None:
    pull, host = app_place.pull(), app_place.host()
    host.status(pull.repository, pull.head.sha, PENDING)
    now = run(app_place, pull)
    assert (now["status"], now["conclusion"], now["details_url"]) == ("in_progress", None, "https://bot.test/1")
    host.status(
        pull.repository, pull.head.sha, Status(PLAN, CheckState.SUCCESS, "1 to create", summary="- `infra`: done")
    )
    ended = run(app_place, pull)
    assert (ended["id"], ended["status"], ended["conclusion"]) == (now["id"], "completed", "success")
    assert (ended["output"]["title"], ended["output"]["summary"]) == ("1 to create", "- `infra`: done")
    assert not app_place.place.alice.statuses(app_place.place.repo, pull.head.sha)


@pytest.mark.parametrize("as_status", [True, False])
def test_a_check_that_is_pinned_to_an_app_is_said_by_nobody_else(app_place: AppPlace, as_status: bool) -> None:
    app_place.install(permissions=dict(PERMISSIONS) | {"statuses": "write"})
    pull, host, place = app_place.pull(), app_place.host(), app_place.place
    path = f"/repos/{place.repo}/statuses/{pull.head.sha}"
    place.control("PUT", "/required/main", contexts=["ci"], apps={"ci": app_place.app["id"]})
    place.alice.api("POST", path, context="ci", state="success")
    place.control("POST", f"/check-runs/{pull.head.sha}", name="ci", conclusion="success")
    assert host.checks(pull) == [Check("ci", CheckState.PENDING, required=True)]
    if as_status:
        host._account("POST", path, {"context": "ci", "state": "success"})
    else:
        place.alice.api("POST", path, context="ci", state="failure")
        host.status(pull.repository, pull.head.sha, Status("ci", CheckState.SUCCESS, "sound"))
    assert host.checks(pull) == [Check("ci", CheckState.SUCCESS, required=True)]


def test_a_check_that_is_pinned_to_another_app_is_not_ours_whatever_it_is_called(app_place: AppPlace) -> None:
    pull, host, place = app_place.pull(), app_place.host(), app_place.place
    apps = {PLAN: app_place.app["id"] + 1, "gitops-bot/apply": app_place.app["id"]}
    place.control("PUT", "/required/main", contexts=list(apps), apps=apps)
    host.status(pull.repository, pull.head.sha, Status(PLAN, CheckState.SUCCESS, "sound"))
    assert {check.name: check.foreign for check in host.checks(pull)} == {PLAN: True, "gitops-bot/apply": False}


def test_a_check_run_that_is_over_is_followed_by_a_new_one(app_place: AppPlace) -> None:
    pull, host = app_place.pull(), app_place.host()
    host.status(pull.repository, pull.head.sha, Status(PLAN, CheckState.FAILURE, "no", annotations=(FAILED,)))
    host.status(pull.repository, pull.head.sha, PENDING)
    host.status(pull.repository, pull.head.sha, Status(PLAN, CheckState.SUCCESS, "yes"))
    host.status(pull.repository, pull.head.sha, Status(PLAN, CheckState.SUCCESS, "yes, still"))
    assert [one["conclusion"] for one in all_runs(app_place, pull)] == ["success", "success", "failure"]
    assert not annotated(app_place, pull)
    assert host.checks(pull) == [Check(PLAN, CheckState.SUCCESS, required=False)]


def test_what_is_said_already_is_not_said_again(app_place: AppPlace) -> None:
    pull = app_place.pull()
    for _ in range(2):
        app_place.host().status(pull.repository, pull.head.sha, PENDING)
    for _ in range(2):
        app_place.host().status(pull.repository, pull.head.sha, Status(PLAN, CheckState.SUCCESS, "yes"))
    assert len(all_runs(app_place, pull)) == 1


def test_a_failure_stands_at_its_line(app_place: AppPlace) -> None:
    pull, host = app_place.pull(), app_place.host()
    host.status(
        pull.repository, pull.head.sha, Status(PLAN, CheckState.FAILURE, "failed", annotations=(FAILED, *lines(1)))
    )
    first, second = annotated(app_place, pull)
    assert (first["path"], first["start_line"], first["annotation_level"]) == ("infra/main.tf", 12, "failure")
    assert (first["title"], first["message"]) == ("Unsupported argument", "An argument is not expected here.")
    assert second["annotation_level"] == "warning"


@pytest.mark.parametrize(("number", "requests"), [(50, 1), (51, 2), (120, 3)])
def test_no_request_has_more_than_fifty_annotations(app_place: AppPlace, number: int, requests: int) -> None:
    pull, host = app_place.pull(), app_place.host()
    host.whoami(), host.repository(app_place.place.repo)
    app_place.asked()
    host.status(pull.repository, pull.head.sha, Status(PLAN, CheckState.SUCCESS, "yes", annotations=lines(number)))
    written = [one for one in app_place.asked() if one.startswith(("POST", "PATCH")) and "/check-runs" in one]
    assert len(written) == requests
    assert run(app_place, pull)["conclusion"] == "success"
    assert run(app_place, pull)["output"]["annotations_count"] == number


def test_an_answer_lost_between_two_parts_doubles_nothing(app_place: AppPlace) -> None:
    pull, host = app_place.pull(), app_place.host()
    status = Status(PLAN, CheckState.SUCCESS, "yes", annotations=lines(60))
    for method in ("POST", "PATCH"):
        app_place.place.forge.faults(
            fail=[{"method": method, "path": "check-runs", "status": 502, "kind": "after", "times": 9}]
        )
        with pytest.raises(Transient):
            host.status(pull.repository, pull.head.sha, status)
        app_place.place.forge.faults()
        host.status(pull.repository, pull.head.sha, status)
        assert run(app_place, pull)["output"]["annotations_count"] == 60
        status = Status(PLAN, CheckState.FAILURE, "no", annotations=lines(60))


def test_a_check_run_fulfils_the_branch_protection_of_its_name(app_place: AppPlace) -> None:
    pull, host = app_place.pull(), app_place.host()
    app_place.place.control("PUT", "/required/main", contexts=[PLAN])
    assert host.checks(pull) == [Check(PLAN, CheckState.PENDING, required=True)]
    host.status(pull.repository, pull.head.sha, Status(PLAN, CheckState.FAILURE, "no"))
    with pytest.raises(Refused, match="is expected"):
        host.merge(pull, "x")
    host.status(pull.repository, pull.head.sha, Status(PLAN, CheckState.SUCCESS, "yes"))
    assert host.checks(pull) == [Check(PLAN, CheckState.SUCCESS, required=True)]
    assert host.merge(pull, "x")
