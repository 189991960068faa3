"""An apply at work."""

from bot.core.plan import Action
from bot.core.run import State, WaitReason
from tests.comments.building import apply, change, content, create, project

VIEW = apply(
    project("network", content(change("terraform_data.subnet", Action.UPDATE, "!  input = 1 -> 2")), note="1 changed"),
    project("app", content(create("terraform_data.app")), State.RUNNING),
    project("shop", content(create("terraform_data.shop")), State.QUEUED, waits_for=WaitReason.DEPENDENCIES),
    state=State.RUNNING,
)
