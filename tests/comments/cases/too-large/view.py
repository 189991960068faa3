"""A host that takes little: attributes of plain creates go first, then whole objects; counts and commands stay."""

from bot.core.gate_case import Demand
from bot.core.plan import Action
from tests.comments.building import change, content, create, destroy, plan, project

ATTRIBUTES = [f'attribute_{number} = "{"value " * 6}"' for number in range(8)]

VIEW = plan(
    project(
        "big",
        content(
            *(create(f"terraform_data.one[{number}]", *ATTRIBUTES) for number in range(400)),
            *(destroy(f"terraform_data.gone[{number}]", *ATTRIBUTES) for number in range(40)),
            change("terraform_data.main", Action.REPLACE, "!  input = 1 -> 2  # forces replacement", forces=("input",)),
            drift=tuple(
                change(f"terraform_data.drifted[{number}]", Action.UPDATE, "!  input = 1 -> 2") for number in range(60)
            ),
        ),
    ),
    project("small", content(create("terraform_data.only", 'input = "kept whole"'))),
    demands=(
        Demand(None, True, "the pull request is open"),
        Demand(None, False, "0 of 1 approvals", "let someone approve it"),
    ),
    next=(("/apply", "applies all of it"),),
    limit=9000,
)
