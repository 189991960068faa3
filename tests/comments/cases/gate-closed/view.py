"""Everything is planned and nothing may be applied yet: line by line why, and what helps."""

from bot.core.gate_case import Demand
from bot.core.plan import Action
from bot.core.project import ApplyMode
from tests.comments.building import change, content, create, plan, project

VIEW = plan(
    project(
        "network",
        content(change("terraform_data.subnet", Action.UPDATE, "!  input = 1 -> 2")),
        stale_because="pull request 31 was applied to the same project",
    ),
    project("shop", content(create("terraform_data.shop", 'input = "open"')), apply=ApplyMode.MERGE),
    notices=(
        "Applies are frozen by ops: database maintenance until six",
        "Once merged, network: `apply` is `merge` instead of `comment`.",
    ),
    demands=(
        Demand(None, True, "the pull request is open"),
        Demand(None, False, "it conflicts with main", "merge main into it and push"),
        Demand(
            None,
            False,
            "applies are frozen by ops since 2025-11-26 11:00 UTC: database maintenance until six",
            "wait until an operator runs `gitops-bot thaw`",
        ),
        Demand(
            "network",
            False,
            "the plan is stale: pull request 31 was applied to the same project",
            "comment /plan -p network",
        ),
        Demand(
            "network",
            False,
            "0 of 2 approvals (alice opened this pull request)",
            "let someone with write access who made none of its commits approve this pull request",
        ),
        Demand("shop", True, "the plan is fresh until 2025-11-29 12:00 UTC"),
        Demand(
            "network",
            False,
            "locked by #31 since 2025-11-26 09:12 UTC (bob)",
            "apply and merge #31, or comment /unlock there",
            (31,),
        ),
    ),
    next=(("/plan", "plans again"),),
)
