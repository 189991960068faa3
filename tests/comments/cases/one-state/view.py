"""A project that moved, and another one that has somebody else's state."""

from dataclasses import replace

from bot.core.run import Findings
from tests.comments.building import content, destroy, plan, project

CAUTIONS = (
    "`net` is `network` now: same state.",
    "`copy` and `db` have one state: what one of them plans is done to what the others manage. "
    "The strictest of their rules hold.",
)
PLANNED = plan(project("network", content()), project("copy", content(destroy("terraform_data.db"))))
VIEW = replace(PLANNED, run=replace(PLANNED.run, findings=Findings(cautions=CAUTIONS)))
