"""What a plan was made under is told by the same digest in every process, and of every version; so are stored rows."""

import json
import subprocess
import sys
from pathlib import Path

from bot.core.project import Project, Rules
from bot.kube.keys import RULES
from bot.kube.options import Allowance, KubernetesRules
from bot.steps.pull.evidence import rules_digest
from bot.store.columns import dump, load
from tests.config.composed import SCHEMA, read

TOP = Path(__file__).resolve().parents[2]
CODE = """
from bot.core.project import Project, Rules
from bot.kube.keys import RULES
from bot.kube.options import Allowance, KubernetesRules
from bot.steps.pull.evidence import rules_digest
from tests.config.composed import SCHEMA
allowing = Rules(options=RULES.dump(KubernetesRules(allow=frozenset(Allowance))))
print(rules_digest(SCHEMA, Project("a", "a"), allowing))
"""
ALLOWING = Rules(options=RULES.dump(KubernetesRules(allow=frozenset(Allowance))))
SAID = b"""
version: 1
defaults: {apply: approval, require: [approval], cluster: prod, allow: [replace], prune: {enabled: true, most: 40}}
projects:
  - dir: infra/db
    workspace: prod
    approvals: {count: 2}
    backend_change: true
    terraform:
      var_files: [prod.tfvars]
      backend_config: ["key=db", prod.s3.tfbackend]
      binary: tofu
      version: 1.10
  - dir: k
    cluster: b
    prune: {enabled: false}
    kubernetes:
      namespace: shop
      differ: kubectl
      ignore: [{kind: Deployment, pointers: [/spec/replicas]}, {managers: [m]}]
    health:
      timeout: 10m
      stable: 30s
      checks: [{kind: Database.acme.example, ready: status.phase=Ready, failed: a=b}, {kind: X, ready: a!=1}]
    helm: {release: api, values: [v.yaml]}
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


def test_digests_of_the_first_version_still_hold() -> None:
    """A plan that it stored is as fresh as it was."""
    configuration = read(SAID)
    said = zip(configuration.projects, (rules for _, rules in configuration.rules), strict=True)
    digests = [rules_digest(SCHEMA, *one) for one in ((Project("a", "a"), Rules()), *said)]
    assert digests == [
        "47d061770f6f5eb40427e029f38f56996a807c1700d384cde795d1d7e503dab3",
        "9b25a812ce4d3b78d7ef3610612f454be53e028bf67df6aa0271350bc81e9139",
        "936e2adf2e649da2525812abd1a46d69855efe5c12761d5b8b8e51c401f48337",
    ]


def test_rows_are_stored_as_by_the_first_version() -> None:
    configuration = read(SAID)
    projects = [SCHEMA.complete(project) for project in (Project("a", "a"), *configuration.projects)]
    rules = [SCHEMA.complete_rules(one) for one in (Rules(), *(one for _, one in configuration.rules))]
    stored = [line for pair in zip(projects, rules, strict=True) for line in _dumped(*pair)]
    first_version = (Path(__file__).parent / "stored_rows.jsonl").read_text().splitlines()
    assert [_plain(line) for line in stored] == [_plain(line) for line in first_version]
    for project, row in zip(projects, stored[::2], strict=True):
        assert load(Project, row) == project
    for one, row in zip(rules, stored[1::2], strict=True):
        assert load(Rules, row) == one


def test_what_is_whole_has_the_digest_of_what_was_said() -> None:
    for project, (_, rules) in zip(read(SAID).projects, read(SAID).rules, strict=True):
        whole = SCHEMA.complete(project), SCHEMA.complete_rules(rules)
        assert rules_digest(SCHEMA, *whole) == rules_digest(SCHEMA, project, rules)


def _dumped(project: Project, rules: Rules) -> tuple[str, str]:
    return dump(Project, project), dump(Rules, rules)


def _plain(line: str) -> dict[str, object]:
    """A row; the order of `require` is chance."""
    row = json.loads(line)
    return row | {"require": sorted(row["require"])} if "require" in row else row
