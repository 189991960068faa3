"""Nothing would change: a calm comment without a table."""

from tests.comments.building import content, plan, project

VIEW = plan(project("app", content()), project("network", content()), project("shop", content()))
