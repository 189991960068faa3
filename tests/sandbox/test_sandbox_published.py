"""The sandbox serves nothing that GitHub does not have, and says where it is otherwise."""

import re
from pathlib import Path

from flask import Flask

from sandbox.forge.rest import rest
from tests.hosts.published.cut import USED
from tests.hosts.published.description import description
from tests.hosts.published.deviations import MISTAKES, REASONS

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "sandbox.md").read_text()


def served() -> set[str]:
    """Operations of the sandbox's, parameters without their names."""
    app = Flask(__name__)
    app.register_blueprint(rest)
    methods = {"GET", "POST", "PUT", "PATCH", "DELETE"}
    return {
        f"{method} {re.sub('<[^>]+>', '{}', rule.rule.removeprefix('/api/v3'))}"
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("rest.")
        for method in (rule.methods or set()) & methods
    }


def nameless(operation: str) -> str:
    return re.sub(r"{\w+}", "{}", operation)


def test_every_operation_of_the_sandbox_is_one_of_githubs() -> None:
    assert not served() - {nameless(one) for one in description()["x-all"]}


def test_the_sandbox_has_every_operation_that_the_bot_uses() -> None:
    assert not {nameless(one) for one in USED} - served()


def test_the_page_says_how_much_of_github_the_sandbox_is() -> None:
    assert f"{len(served())} operations" in PAGE


def test_the_page_has_everything_that_answers_leave_out() -> None:
    assert [reason for reason in (*REASONS.values(), *MISTAKES.values()) if reason not in PAGE] == []
