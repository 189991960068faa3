"""What a definition alone makes of a body."""

from bot.kube.crds.definition import apply_defaults, join_path, schema_for, unknown_fields
from tests.kube.definitions import definition, wall


def test_defaults_complete_what_is_there_and_never_the_body_that_was_given() -> None:
    inner = {"type": "object", "properties": {"level": {"type": "integer", "default": 3}}}
    crd = definition({"parts": {"type": "array", "items": inner}, "by_name": {"additionalProperties": inner}})
    body = wall(parts=[{}, {"level": 1}], by_name={"a": {}})
    assert apply_defaults(body, crd)["spec"] == {"parts": [{"level": 3}, {"level": 1}], "by_name": {"a": {"level": 3}}}
    assert body == wall(parts=[{}, {"level": 1}], by_name={"a": {}})


def test_a_default_is_completed_by_the_defaults_of_what_is_in_it() -> None:
    inner = {"type": "object", "default": {}, "properties": {"level": {"type": "integer", "default": 3}}}
    assert apply_defaults(wall(), definition({"part": inner}))["spec"] == {"part": {"level": 3}}


def test_a_null_that_may_be_one_stays() -> None:
    text = {"type": "string", "default": "x"}
    crd = definition({"may": {**text, "nullable": True}, "must": text, "bare": {"type": "string"}})
    assert apply_defaults(wall(may=None, must=None, bare=None), crd)["spec"] == {"may": None, "must": "x"}


def test_an_old_definition_may_keep_unknown_fields_everywhere() -> None:
    crd = definition({})
    assert list(unknown_fields(wall(other=1), schema_for(crd, "v1"))) == ["spec.other"]
    crd["spec"]["preserveUnknownFields"] = True
    assert list(unknown_fields(wall(other=1), schema_for(crd, "v1"))) == []


def test_paths_name_odd_keys_in_brackets() -> None:
    assert join_path("spec", "size") == "spec.size"
    assert join_path("spec.labels", "a.b/c") == 'spec.labels["a.b/c"]'
