"""The programs that tests need (a Kubernetes API server, helm, tofu, a provider): each is found, or built with Go.

`make rig` runs it. A program comes from KUBEBUILDER_ASSETS, PATH or the cache, which lies outside the checkout and is
keyed by version; it is only built when none of them has it. Building happens once on a machine and never in a test.
"""

import argparse
import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.core.errors import ToolFailed

HERE = Path(__file__).resolve().parent
KUBERNETES = "v1.36.3"
KUBERNETES_STAMP = f"k8s.io/component-base/version.gitVersion={KUBERNETES}"
HELM = "v3.22.0"
HELM_STAMP = f"helm.sh/helm/v3/internal/version.version={HELM}"
TOFU = "v1.12.6"
TOFU_STAMP = "github.com/opentofu/opentofu/version.dev=no"
PROVIDER = "terraform-provider-shelf"
HOSTILE = "terraform-provider-hostile"
LAST_LINES = 30


def _digest(folder: Path) -> str:
    """The version of programs that are our own: it changes with any of their files."""
    files = sorted(path for path in folder.rglob("*") if path.suffix in (".go", ".s", ".mod", ".sum"))
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in files)).hexdigest()[:12]


OURS = _digest(HERE.parent / "provider")


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a program is built. `module` is a folder beside this file; `minutes` were seen on two cores."""

    name: str
    version: str
    module: str
    package: str
    minutes: int
    stamp: str = ""

    @property
    def ldflags(self) -> str:
        """Stripped; without its stamp a program calls itself by a version that its clients cannot read."""
        return f"-s -w -X {self.stamp}" if self.stamp else "-s -w"


RECIPES = {
    recipe.name: recipe
    for recipe in (
        Recipe("etcd", "v3.7.3", "etcd", "go.etcd.io/etcd/server/v3", 1),
        Recipe("kube-apiserver", KUBERNETES, "kubernetes", "k8s.io/kubernetes/cmd/kube-apiserver", 8, KUBERNETES_STAMP),
        Recipe(
            "kube-controller-manager",
            KUBERNETES,
            "kubernetes",
            "k8s.io/kubernetes/cmd/kube-controller-manager",
            2,
            KUBERNETES_STAMP,
        ),
        Recipe("helm", HELM, "helm", "helm.sh/helm/v3/cmd/helm", 2, HELM_STAMP),
        Recipe(PROVIDER, OURS, "../provider", ".", 1),
        Recipe(HOSTILE, OURS, "../provider", "./hostile", 1),
        Recipe("tofu", TOFU, "tofu", "github.com/opentofu/opentofu/cmd/tofu", 5, TOFU_STAMP),
    )
}
SERVER = ("etcd", "kube-apiserver", "kube-controller-manager")


def find(name: str, env: Mapping[str, str] = os.environ) -> Path | None:
    """Where this program is, if anywhere."""
    assets = env.get("KUBEBUILDER_ASSETS", "")
    for directory in (assets, env.get("PATH", os.defpath)):
        if directory and (found := shutil.which(name, path=directory)):
            return Path(found).absolute()
    cached = _cached(RECIPES[name], env)
    return cached if os.access(cached, os.X_OK) else None


def build(name: str, env: Mapping[str, str] = os.environ) -> Path:
    """Build this program into the cache, unless it is there or elsewhere by now. Raises ToolFailed.

    One build at a time on a machine: two would take as long, and twice the memory.
    """
    recipe = RECIPES[name]
    target = _cached(recipe, env)
    target.parent.mkdir(parents=True, exist_ok=True)
    with _alone(target.parent / "lock"):
        found = find(name, env)
        if found:
            return found
        _say(f"{name} {recipe.version}: building, about {recipe.minutes} min on two cores")
        began = time.monotonic()
        _compile(recipe, target, env)
        _say(f"{name} {recipe.version}: built in {time.monotonic() - began:.0f} s")
    return target


def lack(env: Mapping[str, str] = os.environ) -> str | None:
    """Why no API server can be started, in one line; None when one can be."""
    if env.get("RIG") == "no":
        return "no Kubernetes API server: RIG=no"
    missing = [name for name in SERVER if not find(name, env)]
    if not missing:
        return None
    remedy = "`make rig` builds them" if shutil.which("go", path=env.get("PATH")) else "and no Go to build them with"
    return f"no Kubernetes API server: {', '.join(missing)} not found, {remedy}"


def main(env: Mapping[str, str] = os.environ) -> int:
    """Make sure of the programs named, or of all; where there is no Go, say so, and fail only when RIG=required."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.rig.build", description="Build the programs that the tests need."
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(RECIPES)}; all when none is named")
    names = parser.parse_args().names or list(RECIPES)
    if unknown := sorted(set(names) - set(RECIPES)):
        parser.error(f"there is no recipe for {', '.join(unknown)}; there are {', '.join(RECIPES)}")
    missing = [name for name in names if not find(name, env)]
    if env.get("RIG") == "no" or (missing and not shutil.which("go", path=env.get("PATH"))):
        _say(
            lack(env)
            or f"{', '.join(missing)} not found, and no Go to build with: the tests that need them are skipped"
        )
        return 1 if env.get("RIG") == "required" else 0
    try:
        for name in names:
            _say(f"{name}: {build(name, env) if name in missing else find(name, env)}")
    except ToolFailed as failed:
        _say(str(failed))
        return 1
    return 0


def _cached(recipe: Recipe, env: Mapping[str, str]) -> Path:
    caches = Path(env.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return caches / "gitops-bot" / "rig" / f"{recipe.name}-{recipe.version}"


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[None]:
    with path.open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _say("waiting for a build that somebody else began")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _compile(recipe: Recipe, target: Path, env: Mapping[str, str]) -> None:
    """Build aside, then put it in place, so that half a program is never found."""
    aside = target.with_name(f".{target.name}")
    own = {"CGO_ENABLED": "0", "GOFLAGS": "-buildvcs=false -mod=readonly", "GOWORK": "off"}
    ended = subprocess.run(
        ["go", "build", "-ldflags", recipe.ldflags, "-o", str(aside), recipe.package],
        cwd=HERE / recipe.module,
        env={**env, **own},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if ended.returncode:
        last = "\n".join(ended.stdout.splitlines()[-LAST_LINES:])
        raise ToolFailed(f"{recipe.name} {recipe.version} cannot be built\n{last}")
    os.replace(aside, target)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
