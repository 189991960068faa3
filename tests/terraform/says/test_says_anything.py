"""Whatever a plan's JSON holds: it is read or refused, nothing of it is lost, and no secret of it is told."""

import copy
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot import templates
from bot.core.errors import Refused, ToolFailed
from bot.core.plan import Action
from bot.templates import escape
from bot.tools.terraform.plan_json import read_plan
from tests.comments.building import plan, project
from tests.terraform.says.rendered import escaped, shown

HERE = Path(__file__).parent
PLANS = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(HERE.glob("*/plan.json"))]
KEYS = sorted({"address", "change", "actions", "before", "after", "importing", "checks", "format_version", *PLANS[0]})
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.just("1.2"))
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=4), inner),
    max_leaves=12,
)
WORDS = st.lists(
    st.sampled_from(
        [*"|`<>&@#*_~[]()!\\$\n\r\t \"'{}", "```", "</details>", "<!-- x -->", "@octo/team", "#12", "数", "a"]
    ),
    min_size=1,
    max_size=12,
).map("".join)
SECRETS = WORDS.filter(lambda word: len(word.strip()) >= 8 and "\n" not in word and word.strip() == word)
OURS = "https://bot.example/"
ACTIONS = [["create"], ["update"], ["delete"], ["delete", "create"], ["create", "delete"], ["forget"], ["read"], ["x"]]


def said(content: Any, limit: int = 65536) -> str:
    return templates.plan_comment(plan(project("app", content), limit=limit))


def outcome(text: str) -> str:
    """The comment, or why there is none."""
    try:
        return said(read_plan(text, "Terraform 1.11.4").content)
    except (ToolFailed, Refused) as refusal:
        return f"`{escape.visible(str(refusal)).replace('`', '')}`"


def row(address: str, actions: list[str], before: Any = None, after: Any = None, **more: Any) -> dict[str, Any]:
    return {"address": address, "change": {"actions": actions, "before": before, "after": after, **more}}


def document(**more: Any) -> str:
    return json.dumps({"format_version": "1.2", **more})


@st.composite
def mutated(draw: st.DrawFn) -> dict[str, Any]:
    """A real plan in which one value, somewhere, is another."""
    whole = copy.deepcopy(draw(st.sampled_from(PLANS)))
    at: Any = whole
    while True:
        key = draw(st.sampled_from(sorted(at) if isinstance(at, dict) else range(len(at))))
        if not isinstance(at[key], dict | list) or not at[key] or draw(st.integers(0, 3)) == 0:
            at[key] = draw(JSON)
            return dict(whole)
        at = at[key]


@settings(max_examples=300, deadline=None)
@given(JSON.map(json.dumps) | st.text(max_size=20) | st.dictionaries(st.sampled_from(KEYS), JSON).map(json.dumps))
@example('{"format_version": "1.2", "resource_changes": [{"change": {"actions": ["create"], "after": [1]}}]}')
@example('{"format_version": "1.' + "9" * 5000 + '"}')
@example('{"format_version": "1.2", "output_changes": {"o": {"actions": ["x"], "after": "\\ud800", "\\udfff": 1}}}')
def test_anything_is_read_or_refused(text: str) -> None:
    assert escaped(shown(outcome(text)), OURS) == []


@settings(max_examples=400, deadline=None)
@given(mutated())
def test_a_plan_with_one_thing_wrong_is_read_or_refused(whole: dict[str, Any]) -> None:
    assert escaped(shown(outcome(json.dumps(whole))), OURS) == []


@pytest.mark.parametrize("value", ["[" * 100_000, '{"a":' * 100_000, "[" * 500 + "]" * 500])
def test_a_text_that_looks_like_deep_json_is_only_a_text(value: str) -> None:
    content = read_plan(
        document(resource_changes=[row("a.b", ["update"], {"c": value}, {"c": f"{value} "})]), "T"
    ).content
    assert len(said(content)) < 65536


def test_a_value_that_is_nested_too_deep_is_the_tools_failure() -> None:
    deep = '{"a":' * 900 + "1" + "}" * 900
    text = document(resource_changes=[row("a.b", ["create"], None, {"c": 1})]).replace('"c": 1', f'"c": {deep}')
    with pytest.raises(ToolFailed):
        read_plan(text, "T")


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(WORDS, st.sampled_from(ACTIONS), WORDS), max_size=60),
    st.sampled_from([9_000, 20_000, 65_536]),
)
def test_what_is_shown_and_what_is_left_out_are_all_there_is(rows: list[Any], limit: int) -> None:
    changes = [
        row(f"x.y[{json.dumps(f'{number} {word}')}]", actions, {"a": value}, {"a": f"{value} "})
        for number, (word, actions, value) in enumerate(rows)
    ]
    content = read_plan(document(resource_changes=changes), "Terraform 1.11.4").content
    comment = said(content, limit)
    page = shown(comment)
    assert len(comment.encode()) <= limit
    assert escaped(page, OURS) == []
    here = len(re.findall(r'^(?:[-+!]|-/\+| ) x\.y\["[0-9]+ ', "".join(page.fences), re.MULTILINE))
    told = re.search(r"Not shown here\*\*: ([0-9,]+) objects? \(", comment)
    assert here + (int(told[1].replace(",", "")) if told else 0) == len(rows)
    assert content.counts.unknown == sum(change.action is Action.UNKNOWN for change in content.changes)


@settings(max_examples=200, deadline=None)
@given(SECRETS)
@example('pass"word\\with')
@example("ünïcödé-secret")
def test_a_secret_is_told_nowhere(word: str) -> None:
    secret = f"s3-{word}"
    quoted = json.dumps(secret, ensure_ascii=False)
    text = document(
        resource_changes=[
            row("a.marked", ["create"], None, {"password": secret}, after_sensitive={"password": True}),
            row("a.copied", ["update"], {"c": "x" * 500}, {"c": "x" * 200 + secret + "x" * 300}),
            row("a.json", ["create"], None, {"j": json.dumps({"k": secret}), secret: 1, "l": f"a\n{secret}\nb"}),
            row(f"a.keyed[{quoted}]", ["delete", "create"], {"a": secret}, None, replace_paths=[["a", secret]])
            | {"previous_address": f"a.old[{quoted}]"},
        ],
        output_changes={"o": {"actions": ["create"], "before": None, "after": [secret]}},
        checks=[{"status": "fail", "address": {"to_display": "c"}, "instances": [{"problems": [{"message": secret}]}]}],
    )
    reading = read_plan(text, "Terraform 1.11.4")
    for words in (said(reading.content), *_texts(reading.content)):
        assert secret not in words
        assert quoted[1:-1] not in words


def _texts(content: Any) -> list[str]:
    changes = (*content.changes, *content.outputs)
    lines = [line.text for change in changes for line in change.lines]
    return [*lines, *(f"{one.address} {one.moved_from} {one.forces}" for one in changes)]
