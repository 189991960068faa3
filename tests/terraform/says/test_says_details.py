"""Small things by which a change, or a secret, could slip through."""

import json
import os
from typing import Any

import pytest

from bot import templates
from bot.core.plan import Content
from bot.tools.terraform.masking import SENSITIVE, Secrets, environment_secrets
from bot.tools.terraform.plan_json import read_plan
from tests.comments.building import plan, project
from tests.terraform.says.rendered import shown

SECRET = "hunter2-hunter2"


def content(*rows: dict[str, Any], **more: Any) -> Content:
    return read_plan(
        json.dumps({"format_version": "1.2", "resource_changes": rows, **more}), "Terraform 1.11.4"
    ).content


def update(before: Any, after: Any, address: str = "a.b", **more: Any) -> dict[str, Any]:
    return {"address": address, "change": {"actions": ["update"], "before": before, "after": after, **more}}


def lines(*rows: dict[str, Any], **more: Any) -> list[str]:
    return [f"{line.marker} {line.text.strip()}" for change in content(*rows, **more).changes for line in change.lines]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a\nb", "a\rb"),
        ("a\nb\nc", "a\nb\x0bc"),
        ("a\nb", "a\nb\n"),
        ("a\nb", "a\n\nb"),
        ("a\nb ", "a\nb"),
        (1, True),
        ([1], [True]),
        ({"x": 0}, {"x": False}),
        (0, None),
        (False, None),
        ("", None),
        ([], None),
        ({}, None),
        ([], {}),
        ("{}", "{ }"),
        ('{"a": 1}', '{"a":1}'),
        ("[]", []),
        ("x" * 5000, "x" * 5001),
        ("(known after apply)", "(sensitive value)"),
    ],
)
def test_a_difference_is_seen_in_both_directions(before: Any, after: Any) -> None:
    for old, new in ((before, after), (after, before)):
        (change,) = content(update({"c": old, "same": 1}, {"c": new, "same": 1})).changes
        assert any(line.marker != " " for line in change.lines), (old, new)
        assert not any("nothing visible" in line.text for line in change.lines), (old, new)


def test_a_secret_that_changes_within_a_list_is_a_change() -> None:
    masks = {"before_sensitive": {"c": [False, True]}, "after_sensitive": {"c": [False, True]}}
    row = update({"c": ["x", "old-secret"]}, {"c": ["x", "new-secret"]}, **masks)
    assert lines(row) == ["! c = [", f"! {SENSITIVE} -> {SENSITIVE},", "  # (1 unchanged element hidden)", "! ]"]


def test_no_half_of_a_secret_is_left_where_a_text_is_cut() -> None:
    marked = update({"p": None}, {"p": SECRET}, "a.marked", after_sensitive={"p": True})
    for shift in range(60):
        old = "x" * (200 - shift) + SECRET + "y" * shift + "old" + "z" * 300
        shown_lines = lines(marked, update({"c": old}, {"c": old.replace("old", "new")}))
        assert not any("hunter2" in line for line in shown_lines)
    long = "x" * 9_990 + SECRET + "x" * 100
    assert not any("hunter2" in line or "hunte" in line for line in lines(marked, update({"c": None}, {"c": long})))


def test_a_name_in_an_address_stays_where_only_a_key_could_be_secret() -> None:
    row = update({"p": None}, {"p": "default"}, 'module.default["default"].a.b', after_sensitive={"p": True})
    assert [change.address for change in content(row).changes] == [f'module.default["{SENSITIVE}"].a.b']


@pytest.mark.parametrize(
    ("name", "value", "printed"),
    [
        ("AWS_SECRET_ACCESS_KEY", SECRET, SECRET),
        ("GITHUB_TOKEN", "ghs_0123", "ghs_0123"),
        ("DD_APP_KEY", "hunter-2", "hunter-2"),
        ("DATABASE_URL", "postgres://app:p%40ss-word@db/app", "p@ss-word"),
        ("DATABASE_URL", "postgres://app:p%40ss-word@db/app", "p%40ss-word"),
        ("WHATEVER", "3f786850e387550fdab836ed7e6dc881", "3f786850e387550fdab836ed7e6dc881"),
        ("TF_VAR_db_pass", "a<b&c>d", "a\\u003cb\\u0026c\\u003ed"),
        ("PIN_TOKEN", "4f2", "4f2"),
    ],
)
def test_what_an_environment_holds_in_secret_is_hidden(name: str, value: str, printed: str) -> None:
    assert printed not in Secrets(frozenset(environment_secrets({name: value}))).hide(f"error: {printed} is wrong")


def test_what_is_no_secret_of_an_environment_is_shown() -> None:
    environment = {"PATH": "/usr/bin:/bin", "AWS_REGION": "us-east-1", "USE_TOKEN": "true", "GIT_AUTHOR_NAME": "alice"}
    assert not {*environment_secrets(environment)}


def test_drift_of_an_attribute_that_the_plan_does_not_use_is_only_counted() -> None:
    drift = [update({"a": 1, "b": 1}, {"a": 2, "b": 2}, 'm.x["k.[1]"].y'), update({"b": 1}, {"b": 2}, "other.y")]
    relevant = [{"resource": "m.x.y", "attribute": ["a", 0]}, {"resource": "other.y", "attribute": ["a"]}]
    found = content(resource_drift=drift, relevant_attributes=relevant)
    assert [[line.text.strip() for line in one.lines] for one in found.drift] == [["a = 1 -> 2"]]
    assert found.notes == ("1 more object changed outside of the tool, without effect on this plan",)


def test_an_outputs_unknown_action_is_warned_of() -> None:
    found = content(output_changes={"o": {"actions": ["postpone"], "before": 1, "after": 1}})
    assert (found.counts.outputs, found.counts.unknown) == (1, 1)
    assert [line.text.strip() for line in found.outputs[0].lines][-1] == "# unknown action: postpone"


@pytest.mark.parametrize("count", [1, 5_000])
def test_a_megabyte_in_one_attribute_leaves_room_for_its_neighbours(count: int) -> None:
    large = update({"c": "x" * 1_000_000}, {"c": f"{'x' * 500_000}NEW{'x' * 500_000}"}, "a.large")
    small = [update({"c": 1}, {"c": 2}, f"a.small[{number}]") for number in range(count)]
    comment = templates.plan_comment(plan(project("app", content(large, *small))))
    assert len(comment.encode()) <= 65_536
    (fence,) = shown(comment).fences
    assert '…(499,960 characters)…"' in fence
    assert "NEW" in fence
    assert "! a.small[0]\n" in fence


def test_a_variable_whose_bytes_are_no_utf_8_is_hidden_like_any_other() -> None:
    raw = b"caf\xe9 passw0rd"
    hidden = Secrets(frozenset(environment_secrets({"DB_PASSWORD": os.fsdecode(raw)}))).hide
    assert hidden(f"error: {raw.decode(errors='replace')} is wrong") == f"error: {SENSITIVE} is wrong"
