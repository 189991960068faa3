"""Numbers keep every digit: in what is shown, in what is compared, and in what an approval is bound to."""

import json
from typing import Any

import pytest

from bot.core.plan import Content
from bot.tools.terraform.plan_json import read_plan
from tests.terraform.conftest import Ground


def resource(argument: str) -> str:
    return f'resource "terraform_data" "x" {{\n  {argument}\n}}\n'


def lines(content: Content) -> list[str]:
    return [line.text.strip() for line in content.changes[0].lines if line.marker != " "]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("9007199254740993.5", "9007199254740993.25"),
        ("1.00000000000000000001", "1.00000000000000000002"),
        ("12345678901234567890123", "12345678901234567890124"),
    ],
)
def test_a_number_is_shown_with_all_its_digits_and_approved_with_them(ground: Ground, old: str, new: str) -> None:
    ground.apply(resource(f"input = {old}"))
    planned = ground.plan(resource(f"input = {new}"))
    assert lines(planned.content)[0] == f"input  = {old} -> {new}"
    assert planned.canonical == ground.plan(resource(f"input = {new}")).canonical
    assert planned.canonical != ground.plan(resource("input = 1")).canonical
    assert planned.canonical != ground.plan(resource(f"input = {new}5")).canonical


def test_a_number_that_forces_a_replacement_is_shown(ground: Ground) -> None:
    ground.apply(resource("triggers_replace = 1.00000000000000000001"))
    planned = ground.plan(resource("triggers_replace = 1.00000000000000000002"))
    assert "triggers_replace = 1.00000000000000000001 -> 1.00000000000000000002  # forces replacement" in lines(
        planned.content
    )


def test_the_same_number_written_differently_is_no_change(ground: Ground) -> None:
    ground.apply(resource("input = 1.50"))
    assert ground.plan(resource("input = 15e-1")).content.counts.empty


def test_a_number_of_thousands_of_digits_is_read(ground: Ground) -> None:
    assert lines(ground.plan(resource(f"input = {'7' * 5000}")).content)[1].startswith("input  = 7777777")
    text = document({"actions": ["create"], "after": {"n": "digits"}}).replace('"digits"', "7" * 5000)
    assert lines(read_plan(text, "T").content) == [f"n = {'7' * 5000}"]


def test_an_output_is_logged_with_all_its_digits(ground: Ground) -> None:
    site = ground.site({"net/main.tf": 'output "o" {\n  value = 9007199254740993.25\n}\n'})
    planned = ground.terraform.plan(site)
    assert planned.artifact
    ground.carry_out(site, planned.artifact)
    assert "o = 9007199254740993.25" in site.log.read_text()


def test_a_sensitive_number_is_hidden_with_all_its_digits() -> None:
    inner = {
        "actions": ["create"],
        "before": None,
        "after": {"pin": 1, "copy": "it is 9007199254740993.25"},
        "after_sensitive": {"pin": True},
    }
    text = document(inner).replace('"pin": 1', '"pin": 9007199254740993.25')
    assert 'copy = "it is (sensitive value)"' in lines(read_plan(text, "T").content)


@pytest.mark.parametrize(
    ("old", "new", "shown"),
    [
        ('{"a": 1, "a": 2, "b": 1}', '{"a": 3, "a": 2, "b": 2}', 'p = "{\\"a\\": 1, '),
        ("[NaN, 1]", "[NaN, 2]", 'p = "[NaN, 1]" -> "[NaN, 2]"'),
        ('{"a": 1e400}', '{"a": 1e401}', "a = 1e400 -> 1e401"),
        ('{"a": 0.10000000000000000001}', '{"a": 0.1}', "a = 0.10000000000000000001 -> 0.1"),
        ('{"a": 1.0, "b": 1}', '{"a": 1, "b": 2}', "a = 1.0 -> 1"),
    ],
)
def test_json_in_a_text_hides_no_difference_of_numbers_or_keys(old: str, new: str, shown: str) -> None:
    text = document({"actions": ["update"], "before": {"p": old}, "after": {"p": new}})
    assert any(line.startswith(shown) for line in lines(read_plan(text, "T").content))


def document(change: dict[str, Any]) -> str:
    rows = [{"address": "x.y", "change": change}]
    return json.dumps({"format_version": "1.2", "resource_changes": rows})
