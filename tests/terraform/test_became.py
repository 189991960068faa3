"""What became of each change, from the plan and the state as they are."""

import json
from typing import Any

import pytest

from bot.tools.terraform.apply_report import MOST, describe_effects, effects, planned_objects
from bot.tools.terraform.json_document import Document

OLD, NEW = {"n": 1}, {"n": 2}


def planned(address: str, *actions: str, **more: Any) -> dict[str, Any]:
    return {"address": address, "change": {"actions": actions, "before": OLD}} | more


def report(rows: list[dict[str, Any]], now: str) -> str:
    plan = Document(json.dumps({"resource_changes": rows}).encode(), "the plan")
    return describe_effects(effects(planned_objects(plan), Document(now.encode(), "the state")))


def state(*resources: dict[str, Any]) -> str:
    inner = {"child_modules": [{"resources": list(resources)}]}
    return json.dumps({"format_version": "1.0", "values": {"root_module": inner}} if resources else {})


def there(values: dict[str, int], **more: Any) -> dict[str, Any]:
    return {"address": "x.y", "values": values} | more


@pytest.mark.parametrize(
    ("actions", "now", "words"),
    [
        (("create",), None, "not made"),
        (("create",), there(NEW), "created"),
        (("create",), there(NEW, tainted=True), "tainted: made, but not to its end"),
        (("update",), there(OLD), "not changed"),
        (("update",), there(NEW), "changed"),
        (("delete",), there(OLD), "still there"),
        (("delete",), None, "destroyed"),
        (("forget",), None, "forgotten"),
        (("delete", "create"), None, "destroyed, and not made again"),
        (("delete", "create"), there(OLD), "not replaced"),
        (("create", "delete"), there(NEW), "replaced"),
        (("delete", "create"), there(NEW, tainted=True), "tainted"),
    ],
)
def test_each_change_is_told(actions: tuple[str, ...], now: dict[str, Any] | None, words: str) -> None:
    told = report([planned("x.y", *actions)], state(*([now] if now else [])))
    assert told.splitlines()[1].startswith(f"  x.y: {words}")


def test_what_is_not_known_is_not_told() -> None:
    rows = [planned("x.y", "read"), planned("x.y", "delete", deposed="0a"), planned("x.y", "dance")]
    assert report(rows, state()) == ""
    assert report([planned("x.y", "create")], '{"values": {"root_module": {"resources": 1}}}') == ""


def test_a_long_list_is_cut() -> None:
    rows = [planned(f"x.y[{n}]", "create") for n in range(MOST + 3)]
    assert report(rows, state()).splitlines()[-1] == "  and 3 more"
