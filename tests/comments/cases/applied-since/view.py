"""The plan comment after an apply of one of its projects: told who and when, and no longer warned of."""

from datetime import timedelta

from tests.comments.building import NOON, content, create, destroy, plan, project

VIEW = plan(
    project(
        "app",
        content(destroy("terraform_data.old", "input = 1")),
        applied_by="bob",
        applied_at=NOON + timedelta(hours=1),
    ),
    project("network", content(create("terraform_data.subnet", 'input = "10.0.0.0/24"'))),
    next=(("/apply", "applies it"),),
)
