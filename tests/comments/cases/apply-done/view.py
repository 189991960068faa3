"""All applied, merged, and the locks are free."""

from bot.core.plan import Action
from tests.comments.building import apply, change, content, create, project

VIEW = apply(
    project("network", content(change("terraform_data.subnet", Action.UPDATE, "!  input = 1 -> 2")), note="1 changed"),
    project("app", content(create("terraform_data.app"), create("terraform_data.worker")), note="2 added"),
    note="Merged as 9b2e1f0c77aa.",
)
