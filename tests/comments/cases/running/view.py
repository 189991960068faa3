"""Half-way: some projects are done, one is at work, others wait. What is known is shown already."""

from bot.core.plan import Action
from bot.core.run import State, WaitReason
from tests.comments.building import change, content, create, plan, project

VIEW = plan(
    project(
        "network", content(change("terraform_data.subnet", Action.UPDATE, '!  input = "10.0.0.0/24" -> "10.0.0.0/23"'))
    ),
    project("app:staging", content(create("terraform_data.app", 'input = "staging"')), dir="app", workspace="staging"),
    project("app:prod", state=State.RUNNING, dir="app", workspace="prod"),
    project("shop", state=State.QUEUED, waits_for=WaitReason.SLOT),
    project("docs", state=State.QUEUED, waits_for=WaitReason.TURN),
    state=State.RUNNING,
)
