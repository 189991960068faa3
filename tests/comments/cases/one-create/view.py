"""The smallest useful pull request: one project, one object, nothing in the way."""

from bot.core.gate_case import Demand
from tests.comments.building import content, create, plan, project

VIEW = plan(
    project(
        "app",
        content(create("terraform_data.greeting", 'input  = "hello"', "output = (known after apply)")),
        dir="infra/app",
    ),
    demands=(
        Demand(None, True, "the pull request is open"),
        Demand(None, True, "it can be merged into main"),
        Demand("app", True, "the plan is fresh until 2025-11-29 12:00 UTC"),
        Demand("app", True, "1 of 1 approvals, by bob"),
    ),
    next=(("/apply", "applies it"),),
)
