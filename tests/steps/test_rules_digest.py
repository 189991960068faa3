"""What a plan was made under is told by the same digest in every process."""

import subprocess
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
CODE = """
from bot.core.project import Allowance, Project, Rules
from bot.steps.pull.source import rules_digest
print(rules_digest(Project("a", "a"), Rules(allow=frozenset(Allowance))))
"""


def test_the_digest_of_rules_is_the_same_in_every_process() -> None:
    digests = {
        subprocess.run(
            [sys.executable, "-c", CODE],
            cwd=TOP,
            env={"PYTHONHASHSEED": str(seed), "PATH": "/usr/bin:/bin"},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in range(4)
    }
    assert len(digests) == 1
