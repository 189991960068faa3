"""A stored plan's signature: it holds for the plan as it was made, through the store and back, and for no other."""

import json
import secrets
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.core.plan import Content, Counts
from bot.core.project import ApplyMode, Project, Requirement, Rules
from bot.core.run import Plan, PlanState
from bot.core.signed_plan import signed_text
from bot.store.columns import dump, load
from bot.vault import Vault
from tests.core.cases import PLAN

FULL = replace(
    PLAN,
    rules=Rules(require=frozenset(Requirement), options={"cluster": "prod", "globs": ("a", "b"), "deep": {"x": 1}}),
    content=Content(
        "terraform",
        counts=Counts(change=1),
        obstacles=("mend that",),
        precious=("Namespace/shop",),
        overwritten=("ConfigMap/shop",),
    ),
    runs=("terraform_data.deploy (local-exec)",),
    tree="e" * 40,
)


def test_it_holds_after_the_store_wrote_and_read_the_plan_whatever_its_state_is_now() -> None:
    stored = load(Plan, dump(Plan, FULL))
    assert signed_text(stored) == signed_text(FULL)
    assert signed_text(replace(stored, state=PlanState.STALE, stale_because="moved")) == signed_text(FULL)


@pytest.mark.parametrize(
    "changes",
    [
        {"id": "p2"},
        {"pull": "github:1#8"},
        {"project": Project("db", "infra/db", "prod")},
        {"rules": replace(FULL.rules, require=frozenset())},
        {"rules": replace(FULL.rules, approvals=0)},
        {"rules": replace(FULL.rules, apply=ApplyMode.MERGE)},
        {"rules": replace(FULL.rules, options={"cluster": "dev"})},
        {"base": "f" * 40},
        {"head": "f" * 40},
        {"result": "f" * 40},
        {"tree": ""},
        {"runs": ()},
        {"input_digest": "other"},
        {"plan_digest": "other"},
        {"artifact_digest": None},
        {"rules_digest": "other"},
        {"tool_version": "0"},
        {"destroy": True},
        {"expires_at": FULL.expires_at + timedelta(seconds=1)},
        {"content": replace(FULL.content, counts=Counts())},
        {"content": replace(FULL.content, obstacles=())},
        {"content": replace(FULL.content, precious=())},
        {"content": replace(FULL.content, overwritten=())},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_it_holds_for_no_plan_of_which_anything_is_changed(changes: dict[str, object]) -> None:
    vault = Vault(secrets.token_bytes(32))
    signature = vault.sign(signed_text(FULL))
    assert vault.verify(signed_text(FULL), signature)
    assert not vault.verify(signed_text(replace(FULL, **changes)), signature)


def test_it_holds_whatever_the_order_of_options_and_of_what_is_in_them() -> None:
    options = {"cluster": "prod", "kinds": frozenset(("Job", "Pod", "Role"))}
    plan = replace(FULL, rules=replace(FULL.rules, options=options))
    turned = replace(FULL, rules=replace(FULL.rules, options=dict(reversed(options.items()))))
    assert signed_text(plan) == signed_text(turned)
    assert '[\\"Job\\", \\"Pod\\", \\"Role\\"]' in signed_text(plan)


def test_a_plan_that_overwrites_nothing_is_signed_as_before_there_was_that() -> None:
    plain = replace(FULL, content=replace(FULL.content, overwritten=()))
    fields = json.loads(signed_text(plain).partition(" ")[2].partition(" ")[2])
    assert len(fields) == len(json.loads(signed_text(FULL).partition(" ")[2].partition(" ")[2])) - 1
    assert ["ConfigMap/shop"] not in fields


def test_a_plan_without_one_holds_for_nothing() -> None:
    assert not Vault(secrets.token_bytes(32)).verify(signed_text(FULL), FULL.signature)
