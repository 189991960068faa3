"""What the installed Terraform cannot say yet, read from hand-written `show -json`."""

import json
from typing import Any

import pytest

from bot.core.errors import Refused, ToolFailed
from bot.core.plan import Action
from bot.tools.terraform.plan_json import read_plan


def plan(**more: Any) -> str:
    return json.dumps({"format_version": "1.2", "complete": True, "something_new": [1]} | more)


def change(*actions: str, **more: Any) -> dict[str, Any]:
    inner = {"actions": list(actions), "before": None, "after": {"a": 1}, "after_unknown": {}}
    return {"address": "x.y", "change": inner} | more


def test_an_unknown_action_is_shown_and_counted() -> None:
    content = read_plan(plan(resource_changes=[change("transmogrify")]), "Terraform 9").content
    assert content.changes[0].action is Action.UNKNOWN
    assert content.changes[0].words == ("transmogrify",)
    assert content.counts.unknown == 1
    assert not content.counts.empty


def test_deferred_changes_and_actions_are_shown() -> None:
    deferred = {"reason": "provider_config_unknown", "resource_change": {"address": "x.later"}}
    action = {
        "address": "action.x.run",
        "type": "x",
        "lifecycle_action_trigger": {"triggering_resource_address": "x.y", "action_trigger_event": "AfterCreate"},
    }
    content = read_plan(
        plan(deferred_changes=[deferred], action_invocations=[action], complete=False), "Terraform 9"
    ).content
    assert [(row.address, row.action) for row in content.changes] == [
        ("action.x.run", Action.INVOKE),
        ("x.later", Action.DEFER),
    ]
    assert content.changes[0].reason == "after create of x.y"
    assert content.changes[1].reason == "something: its provider's configuration is not known yet"
    assert not content.complete
    assert (content.counts.invoke, content.counts.deferred, content.counts.unknown) == (1, 1, 0)


def test_what_is_put_off_is_nothing_to_apply_but_to_be_told() -> None:
    deferred = {"reason": "absent_prereq", "resource_change": change("create")}
    counts = read_plan(plan(deferred_changes=[deferred], complete=False), "Terraform 9").content.counts
    assert counts.empty
    assert not counts.silent


@pytest.mark.parametrize("version", ["2.0", "0.2", "17"])
def test_another_major_format_is_refused_with_a_sentence(version: str) -> None:
    with pytest.raises(Refused, match=f"^Terraform 9 writes plans in format {version}, which this bot cannot read"):
        read_plan(plan(format_version=version), "Terraform 9")


def test_a_newer_minor_format_is_read_and_that_is_said() -> None:
    content = read_plan(plan(format_version="1.9", resource_changes=[change("create")]), "Terraform 9").content
    assert content.counts.create == 1
    assert content.notices[0].summary.startswith("The plan's format, 1.9, is newer")
    assert read_plan(plan(format_version="1.2"), "Terraform 1").content.notices == ()


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{", "{}", '{"format_version": 1}', '{"format_version": "x"}', "[" * 100_000]
    + [plan(resource_changes=one) for one in ({}, [1], [{"change": 1}], [{"change": {"actions": "create"}}])],
)
def test_what_is_no_plan_is_the_tools_failure(text: str) -> None:
    with pytest.raises(ToolFailed):
        read_plan(text, "Terraform 9")


def test_deposed_objects_are_rows_of_their_own() -> None:
    rows = [change("create"), change("delete", deposed="abcd1234")]
    content = read_plan(plan(resource_changes=rows), "Terraform 9").content
    assert [row.deposed for row in content.changes] == [None, "abcd1234"]
    assert (content.counts.create, content.counts.destroy) == (1, 1)


def test_only_relevant_drift_is_told() -> None:
    drift = [change("update") | {"address": "x.seen"}, change("update") | {"address": "x.unseen"}]
    relevant = [{"resource": "x.seen", "attribute": ["a"]}]
    content = read_plan(plan(resource_drift=drift, relevant_attributes=relevant), "Terraform 9").content
    assert [row.address for row in content.drift] == ["x.seen"]


def test_the_digest_leaves_out_time_and_prior_state() -> None:
    one = plan(resource_changes=[change("create")], timestamp="2026-01-01", prior_state={"a": 1})
    other = plan(resource_changes=[change("create")], timestamp="2027-01-01", prior_state={"a": 2})
    assert read_plan(one, "T").canonical == read_plan(other, "T").canonical
    assert read_plan(plan(resource_changes=[change("update")]), "T").canonical != read_plan(one, "T").canonical


def test_the_digest_tells_apart_what_came_of_a_check() -> None:
    def digested(*statuses: str) -> bytes:
        checks = [{"address": {"kind": "check", "to_display": "check.c"}, "status": status} for status in statuses]
        return read_plan(plan(resource_changes=[change("create")], checks=checks), "T").canonical

    cases = [(), ("pass",), ("fail",), ("error",), ("unknown",), ("pass", "fail")]
    assert len({digested(*case) for case in cases}) == len(cases)
    assert digested("fail") == digested("fail")


def test_variables_and_configuration_are_never_shown_and_sensitive_ones_are_hidden_everywhere() -> None:
    secret = "s3cr3t-value"
    text = plan(
        resource_changes=[
            change("create") | {"change": {"actions": ["create"], "before": None, "after": {"copy": secret}}}
        ],
        variables={"p": {"value": secret}},
        configuration={"root_module": {"variables": {"p": {"sensitive": True}}}},
    )
    content = read_plan(text, "T").content
    assert secret not in repr(content)
    assert "(sensitive value)" in repr(content)


def test_json_in_a_text_is_compared_as_such() -> None:
    before, after = json.dumps({"a": 1, "b": 2}), json.dumps({"a": 1, "b": 3})
    inner = {"actions": ["update"], "before": {"policy": before}, "after": {"policy": after}}
    content = read_plan(plan(resource_changes=[change("update") | {"change": inner}]), "T").content
    texts = [line.text.strip() for line in content.changes[0].lines]
    assert texts[0] == "policy = jsonencode({"
    assert "b = 2 -> 3" in texts


def test_a_text_of_many_lines_is_compared_line_by_line() -> None:
    inner = {"actions": ["update"], "before": {"t": "one\ntwo\nthree"}, "after": {"t": "one\n2\nthree"}}
    content = read_plan(plan(resource_changes=[change("update") | {"change": inner}]), "T").content
    assert [(line.marker, line.text.strip()) for line in content.changes[0].lines[1:-1]] == [
        (" ", "one"),
        ("-", "two"),
        ("+", "2"),
        (" ", "three"),
    ]
