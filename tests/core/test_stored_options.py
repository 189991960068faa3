"""Projects and rules are stored with their packages' options beside their own fields, for any version to read."""

import json
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from bot.core.project import ApplyMode, Project, Requirement, Rules

DB = Project("db", "infra/db", options={"terraform": {"version": "1.11.4"}, "kube": {"context": "prod"}})
STRICT = Rules(ApplyMode.MERGE, frozenset({Requirement.CHECKS}), 2, True, {"destroy_protection": "everything"})


def dump(cls: type[Any], instance: object) -> str:
    """As the store writes it, by a schema that is made anew."""
    return TypeAdapter(cls).dump_json(instance).decode()


def load(cls: type[Any], text: str) -> Any:
    return TypeAdapter(cls).validate_json(text)


def test_a_project_is_stored_flat_and_read_as_it_was() -> None:
    text = dump(Project, DB)
    assert json.loads(text) == {
        "name": "db",
        "dir": "infra/db",
        "workspace": "default",
        "tool": "terraform",
        "depends_on": [],
        "inputs": [],
        "terraform": {"version": "1.11.4"},
        "kube": {"context": "prod"},
    }
    assert load(Project, text) == DB


def test_rules_are_stored_flat_and_read_as_they_were() -> None:
    text = dump(Rules, STRICT)
    assert json.loads(text) == {
        "apply": "merge",
        "require": ["checks"],
        "approvals": 2,
        "backend_change": True,
        "destroy_protection": "everything",
    }
    assert load(Rules, text) == STRICT


def test_what_a_version_before_stored_without_options_is_read() -> None:
    assert load(Project, '{"name": "db", "dir": "infra/db"}') == Project("db", "infra/db")
    assert load(Rules, "{}") == Rules()


def test_a_key_that_only_another_version_knows_is_kept() -> None:
    stored = {**json.loads(dump(Project, Project("db", "infra/db"))), "pulumi": {"stack": "prod"}}
    project = load(Project, json.dumps(stored))
    assert project.options == {"pulumi": {"stack": "prod"}}
    assert json.loads(dump(Project, project)) == stored


@pytest.mark.parametrize("text", ["[]", '"db"', "null", '{"dir": "infra/db"}'])
def test_what_is_no_project_is_not_read_as_one(text: str) -> None:
    with pytest.raises(ValidationError):
        load(Project, text)


def test_an_instance_is_taken_as_it_is() -> None:
    assert TypeAdapter(Project).validate_python(DB) == DB
    assert TypeAdapter(Rules).validate_python(STRICT) == STRICT
