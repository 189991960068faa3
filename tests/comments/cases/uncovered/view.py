"""No project is affected, though what changed looks like infrastructure; one directory has a name for YAML to bend."""

from dataclasses import replace

from bot.core.run import Findings
from tests.comments.building import plan

UNCOVERED = ("k8s/service.yaml", "legacy/main.tf", "legacy/more.tf", "it's `odd`/main.tf")
EMPTY = plan()
VIEW = replace(EMPTY, run=replace(EMPTY.run, findings=Findings(uncovered=UNCOVERED)))
