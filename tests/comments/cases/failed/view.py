"""One project cannot be planned: its error is open, the others are shown as ever."""

from bot.core.gate_case import Demand
from bot.core.run import State
from tests.comments.building import content, create, plan, project

OUTPUT = """\
\x1b[31m╷\x1b[0m\x1b[0m
\x1b[31m│\x1b[0m \x1b[1m\x1b[31mError: \x1b[0mReference to undeclared resource
│
│   on main.tf line 12, in resource "terraform_data" "app":
│   12:   input = terraform_data.nework.output
│
│ A managed resource "terraform_data" "nework" has not been declared in the root module.
╵
"""

VIEW = plan(
    project(
        "app",
        state=State.FAILED,
        note="terraform plan failed: Reference to undeclared resource, main.tf:12",
        output=OUTPUT,
    ),
    project("network", content(create("terraform_data.subnet", 'input = "10.0.0.0/24"'))),
    project(
        "shop",
        state=State.REFUSED,
        note="the pull request moves this project's state; `backend_change: true` on the base branch allows that",
    ),
    state=State.FAILED,
    demands=(
        Demand(None, True, "the pull request is open"),
        Demand("app", False, "there is no plan: terraform plan failed", "mend that, then comment /plan"),
        Demand(
            "shop",
            False,
            "there is no plan: the pull request moves this project's state",
            "mend that, then comment /plan",
        ),
    ),
    next=(("/apply -p network", "applies one project"), ("/plan", "plans again")),
)
