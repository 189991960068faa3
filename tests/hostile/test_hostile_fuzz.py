"""Whatever comes: configuration is read or refused in words, a delivery is taken or turned away, nothing falls over."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from flask.testing import FlaskClient
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bot.core.decide import jobs_for
from bot.core.errors import Refused
from bot.core.project import Configuration
from bot.server.app import Dependencies, create_app
from bot.store import Store, deliveries
from tests.config.composed import TABLES, read
from tests.hosts.signed import COMMENT, PULL, REPOSITORY, SENDER, github, headers
from tests.server.house import VAULT
from tests.vocabulary import VOCABULARY

KEYS = sorted({name for table in TABLES.values() for name in table.model_fields} | {"nonsense", "<<", "", "1"})
WORDS = st.sampled_from(
    ["a", "main", "..", "/", "-x", "~", "a/b", "release/*", "\u202e", "\ud800", "\0", "x" * 300, "1", "approval"]
    + ["merge", "checks", "5m", "apply: [", "'", "\n", "{{x}}", "terraform", "*", "\x85", "é"]
)
PLAIN = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), WORDS, st.binary(max_size=3)
)
ANYTHING = st.recursive(
    PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4)
)
PROJECTS = st.lists(
    st.dictionaries(st.sampled_from(sorted(TABLES[("projects",)].model_fields)), ANYTHING, max_size=5), max_size=3
)
DOCUMENTS = st.fixed_dictionaries(
    {"version": st.just(1)},
    optional={"projects": PROJECTS | ANYTHING, "defaults": ANYTHING, "branches": ANYTHING, "merge": ANYTHING},
)


@settings(max_examples=300)
@given(DOCUMENTS | ANYTHING)
def test_any_configuration_is_read_or_refused_with_file_and_line(written: object) -> None:
    text = yaml.dump(written, allow_unicode=True).encode(errors="replace")
    told = _told(text)
    assert all(line.startswith("gitops.yaml:") for line in told)
    assert all(line.isprintable() for line in told)


def _told(text: bytes) -> list[str]:
    try:
        assert isinstance(read(text), Configuration)
    except Refused as why:
        return str(why).split("\n")
    return []


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dependencies]:
    store = Store(f"sqlite:///{tmp_path_factory.mktemp('doors') / 'store.sqlite'}")
    store.migrate()
    logs: Path = tmp_path_factory.mktemp("logs")
    forge = github("acme/*")
    yield Dependencies(
        store, {"github": forge}, VAULT, lambda run, place: logs / run, None, "", lambda: None, lambda: None, "none"
    )
    store.close()


@pytest.fixture(scope="module")
def door(doors: Dependencies) -> FlaskClient:
    flask = create_app(doors)
    flask.config["PROPAGATE_EXCEPTIONS"] = False
    return flask.test_client()


VERY_LATE = datetime(2026, 1, 1, tzinfo=UTC)
EVENTS = ["pull_request", "issue_comment", "pull_request_review", "push", "merge_group", "check_run", "ping", "", "é"]
TRUE: dict[str, Any] = {
    "action": "created",
    "repository": REPOSITORY,
    "sender": SENDER,
    "pull_request": PULL,
    "comment": COMMENT,
    "issue": {"number": 4, "pull_request": {}},
    "ref": "refs/heads/main",
    "after": "c" * 40,
    "merge_group": {"head_sha": "d" * 40},
    "check_run": {"app": {"id": 1}, "pull_requests": []},
    "changes": {"base": {}},
}
ACTIONS = st.sampled_from(["opened", "synchronize", "closed", "edited", "created", "submitted", "checks_requested"])
ODD = st.one_of(
    PLAIN.filter(lambda value: not isinstance(value, bytes)),
    st.sampled_from([float("inf"), float("nan"), 10**400, -(2**63) - 1, [], {}, [[]], "9" * 5000, "\ud800", "a\0b"]),
)


@st.composite
def bent(draw: st.DrawFn) -> dict[str, Any]:
    """A true payload with a few of its values exchanged or taken out, however deep they stand."""
    payload: dict[str, Any] = json.loads(json.dumps(TRUE)) | {"action": draw(ACTIONS)}
    for _ in range(draw(st.integers(0, 3))):
        table: Any = payload
        while True:
            key = draw(st.sampled_from(sorted(table)))
            if not isinstance(table[key], dict) or not table[key] or draw(st.booleans()):
                break
            table = table[key]
        table.pop(key) if draw(st.booleans()) else table.update({key: draw(ODD)})
        if not payload:
            break
    return payload


def _answered(door: FlaskClient, event: str, body: bytes, **more: str) -> int:
    signed = headers(event, body) | {"X-GitHub-Delivery": f"d-{abs(hash((event, body)))}"} | more
    return door.post("/webhooks/github", data=body, headers=signed).status_code


@settings(max_examples=250, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(EVENTS), bent())
@example("pull_request", TRUE | {"action": "opened", "pull_request": PULL | {"number": float("inf")}})
@example("pull_request", TRUE | {"action": "opened", "pull_request": PULL | {"number": 2**63}})
@example("pull_request", TRUE | {"action": "opened", "pull_request": PULL | {"title": "\ud800"}})
@example("pull_request", TRUE | {"action": "opened", "pull_request": PULL | {"head": PULL["head"] | {"ref": "a\0b"}}})
@example("issue_comment", TRUE | {"comment": COMMENT | {"created_at": "0001-01-01T00:00:00+14:00"}})
def test_any_signed_delivery_is_taken_or_turned_away_and_its_jobs_can_be_told(
    doors: Dependencies, door: FlaskClient, event: str, payload: dict[str, Any]
) -> None:
    assert _answered(door, event, json.dumps(payload).encode()) in (202, 400)
    with doors.store.begin() as tx:
        for id, its in deliveries.pending(tx):
            jobs_for(its, id, VOCABULARY)
            deliveries.mark_done(tx, [id], VERY_LATE)


HEADERS = st.dictionaries(
    st.sampled_from(["X-GitHub-Event", "X-GitHub-Delivery", "X-Hub-Signature-256", "Content-Type", "Content-Encoding"]),
    st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=60)
    | st.sampled_from(
        ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "../../etc/passwd", "gzip"]
    ),
    max_size=4,
)


@settings(max_examples=250, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200) | st.just(b"[" * 100_000) | st.just(b'{"a":' * 50_000), HEADERS)
def test_any_bytes_and_headers_are_turned_away_or_taken(door: FlaskClient, body: bytes, more: dict[str, str]) -> None:
    assert _answered(door, "push", body, **more) in (202, 400, 401)
