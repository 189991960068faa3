"""Our side: the bot's Tool port, with the identities that an operator makes by `gitops-bot cluster`.

Everything that this suite knows of the bot's own names is in this file.
"""

import contextlib
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml
from kubernetes import client

from bot.core.errors import Refused, ToolFailed
from bot.core.plan import Content
from bot.core.pull import Repository
from bot.ports import Invocation, Origin, Site, Tool
from bot.tools import helm, kustomize, manifests
from tests.caging import strongest_cage
from tests.config.composed import read
from tests.differential.shapes import FIRST, Shape, every_shape
from tests.kube.trees import Folder
from tests.rig.access import Access
from tests.rig.build import find
from tests.sandbox.running import until

SOURCE = Path(__file__).resolve().parents[2]
NAMESPACE = "gitops-bot"
# How the bot comes to a cluster: as the two documented identities, or with an admin in the place of one or both.
DOCUMENTED, ADMIN_PLANS, ADMIN = "documented", "admin-plans", "admin"
NOTHING_BEGUN = "nothing was begun"
TOOLS: Mapping[str, Callable[..., Tool]] = {
    "helm": helm.tool,
    "kustomize": kustomize.tool,
    "manifests": manifests.tool,
}
BASE = "base"
HEALTH = {"timeout": "180s", "stable": "1s"}


class Blocked(Exception):
    """The bot did not apply; its own words."""


@dataclass(frozen=True, slots=True)
class Operator:
    """`access` is an admin's; `kubeconfigs` are the planner's and the applier's."""

    access: Access
    kubeconfigs: Mapping[str, Path]

    @classmethod
    def prepared(cls, access: Access, directory: Path) -> "Operator":
        """With both identities made and proved."""
        made = cls(access, {name: directory / f"{name}.kubeconfig" for name in ("planner", "applier")})
        shapes = every_shape()
        named = (*(one.group for one in shapes), *(one.renamed().group for one in shapes))
        groups = [word for group in named for word in ("--group", group)]
        for name, more in (("planner", ["--secrets", "*"]), ("applier", [])):
            made._bot("cluster", name, *groups, *more, "--apply", "--kubeconfig", str(access.kubeconfig))
            made._write_kubeconfig(name)
        until(lambda: made._proved())
        return made

    def section(self, name: str) -> Mapping[str, Any]:
        """The settings of the bot."""
        if name == "helm":
            return {"binary": str(find("helm"))}
        admin, planner, applier = self.access.kubeconfig, *(self.kubeconfigs[name] for name in ("planner", "applier"))
        ways = {DOCUMENTED: (planner, applier), ADMIN_PLANS: (admin, applier), ADMIN: (admin, admin)}
        clusters = {way: {"kubeconfig": str(one), "apply_kubeconfig": str(two)} for way, (one, two) in ways.items()}
        return {"clusters": clusters} if name == "kubernetes" else {}

    def _bot(self, *words: str) -> int:
        settings = {f"GITOPS_BOT_KUBERNETES__CLUSTERS__RIG__{key}": str(self.kubeconfigs[name]) for key, name in NAMED}
        env = {"PATH": os.defpath, "PYTHONPATH": str(SOURCE), **settings}
        done = subprocess.run(
            [sys.executable, "-m", "bot", *words], env=env, capture_output=True, text=True, check=False
        )
        if done.returncode and words[:2] != ("cluster", "check"):
            raise AssertionError(f"{' '.join(words)}\n{done.stdout}{done.stderr}")
        return done.returncode

    def _proved(self) -> bool:
        return self._bot("cluster", "check", "rig") == 0

    def _write_kubeconfig(self, account: str) -> None:
        content = yaml.safe_load(self.access.kubeconfig.read_text())
        with self.access.client() as api:
            asked = client.AuthenticationV1TokenRequest(spec=client.V1TokenRequestSpec(audiences=[]))
            answer = client.CoreV1Api(api).create_namespaced_service_account_token(account, NAMESPACE, asked)
        content["users"] = [{"name": account, "user": {"token": answer.status.token}}]
        content["contexts"] = [{"name": account, "context": {"cluster": "rig", "user": account}}]
        content["current-context"] = account
        self.kubeconfigs[account].write_text(yaml.safe_dump(content))


NAMED = (("KUBECONFIG", "planner"), ("APPLY_KUBECONFIG", "applier"))


@dataclass(slots=True)
class Ours:
    """One shape's project. `commits` are its checkouts by state; `kept` are renderings, as the bot's cache has them."""

    operator: Operator
    shape: Shape
    home: Path
    way: str = DOCUMENTED
    commits: dict[str, Path] = field(default_factory=dict)
    kept: dict[str, bytes] = field(default_factory=dict)

    def apply(self, checkout: Path, state: str) -> None:
        """Plan, and carry out what was planned. Raises Blocked."""
        tool, site, child = self.plan(checkout, state)
        with site.log.open("w") as log:
            ended = subprocess.run(child.argv, cwd=child.cwd, env=child.env, stdout=log, stderr=log, check=False)
        applied = tool.report_apply(site, ended.returncode)
        if applied.outcome != "done":
            raise Blocked(f"{applied.summary}\n{applied.output}")

    def plan(self, checkout: Path, state: str) -> tuple[Tool, Site, Invocation]:
        """The program that would carry out the plan. Raises Blocked where the plan says that nothing can."""
        tool, site = TOOLS[self.shape.tool](self.operator.section), self.site(checkout, state)
        try:
            planned = tool.plan(site)
        except (Refused, ToolFailed) as why:
            raise Blocked(f"{why}\n{why.output if isinstance(why, ToolFailed) else ''}") from why
        assert planned.artifact is not None, "the bot has nothing to apply"
        try:
            return tool, site, tool.prepare_apply(self._confirming(site, planned.content), planned.artifact)
        except Refused as why:
            raise Blocked("\n".join(planned.content.obstacles) or str(why)) from why

    def _confirming(self, site: Site, content: Content) -> Site:
        """With all named that goes or is overwritten by name only, as a person would who means it."""
        return replace(site, confirmed=(*content.precious, *content.overwritten))

    def site(self, checkout: Path, state: str) -> Site:
        base = self.home / "base"
        base.mkdir(exist_ok=True)
        self.commits.setdefault(BASE, base)
        (checkout / "gitops.yaml").write_text(self._configuration())
        configuration = read((checkout / "gitops.yaml").read_bytes())
        self.commits[state] = checkout
        scratch = self.home / f"scratch-{state}"
        scratch.mkdir(mode=0o700, exist_ok=True)
        return Site(
            root=checkout,
            project=configuration.projects[0],
            scratch=scratch,
            state_dir=scratch,
            log=scratch / "log",
            environment={"PATH": os.environ["PATH"], "HOME": str(scratch)},
            timeout=180,
            stopped=lambda: False,
            cage=strongest_cage(),
            rules=configuration.rules[0][1],
            origin=Origin(
                forge="forge",
                repository=Repository(self.shape.name, "acme/infra", "main", private=True),
                base=BASE if state == FIRST else FIRST,
                commit=state,
                tree=lambda commit: contextlib.nullcontext(Folder(self.commits[commit])),
                checkout=lambda commit: self.commits[commit],
                configuration=lambda tree: read(tree.read("gitops.yaml")) if "gitops.yaml" in tree.files else None,
                secret=b"k" * 32,
                get_or_create=self._once,
            ),
        )

    def _once(self, key: str, make: Callable[[], bytes]) -> bytes:
        if key not in self.kept:
            self.kept[key] = make()
        return self.kept[key]

    def _configuration(self) -> str:
        shape = self.shape
        project: dict[str, object] = {"dir": shape.project_dir, "name": shape.name, "tool": shape.tool}
        project |= {"cluster": self.way, "allow": ["replace"], "prune": {"most": 100}, "health": HEALTH}
        project["kubernetes"] = {"namespace": shape.name}
        if shape.tool == "helm":
            project["helm"] = {"release": shape.name, "values": ["../values.yaml"]}
        return yaml.safe_dump({"version": 1, "projects": [project]})
