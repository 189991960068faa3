"""Where the rig's programs come from. A `go` of our own stands in for the compiler: a real build takes minutes."""

import fcntl
import subprocess
import sys
from pathlib import Path

import pytest

from bot.core.errors import ToolFailed
from tests.rig.build import RECIPES, build, find, lack
from tests.sandbox.running import SOURCE

WORKING_GO = '#!/bin/sh\necho "$CGO_ENABLED $*" >> {log}\nwhile [ "$1" != -o ]; do shift; done\n/bin/cp -p "$0" "$2"\n'
BROKEN_GO = '#!/bin/sh\necho "tools.go:7: cannot find module"\nexit 1\n'


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    """A machine with no programs but those that a test puts there."""
    return {"PATH": str(tmp_path / "path"), "XDG_CACHE_HOME": str(tmp_path / "cache")}


def test_programs_are_taken_from_kubebuilder_then_path_then_the_cache(tmp_path: Path, env: dict[str, str]) -> None:
    recipe = RECIPES["kube-apiserver"]
    assert find(recipe.name, env) is None
    cached = _program(tmp_path / "cache/gitops-bot/rig" / f"{recipe.name}-{recipe.version}")
    assert find(recipe.name, env) == cached
    on_path = _program(tmp_path / "path" / recipe.name)
    assert find(recipe.name, env) == on_path
    asset = _program(tmp_path / "assets" / recipe.name)
    assert find(recipe.name, env | {"KUBEBUILDER_ASSETS": str(tmp_path / "assets")}) == asset


def test_a_program_of_another_version_in_the_cache_is_not_taken(tmp_path: Path, env: dict[str, str]) -> None:
    _program(tmp_path / "cache/gitops-bot/rig/etcd-v3.0.0")
    assert find("etcd", env) is None


def test_what_is_built_is_small_static_and_knows_its_version(tmp_path: Path, env: dict[str, str]) -> None:
    log = tmp_path / "log"
    _program(tmp_path / "path/go", WORKING_GO.format(log=log))
    built = build("kube-apiserver", env)
    assert built == find("kube-apiserver", env)
    [line] = log.read_text().splitlines()
    version = RECIPES["kube-apiserver"].version
    assert line.startswith(f"0 build -ldflags -s -w -X k8s.io/component-base/version.gitVersion={version} ")
    assert line.endswith(" k8s.io/kubernetes/cmd/kube-apiserver")


def test_a_failed_build_shows_the_compilers_words_and_leaves_nothing(tmp_path: Path, env: dict[str, str]) -> None:
    _program(tmp_path / "path/go", BROKEN_GO)
    with pytest.raises(ToolFailed, match="(?s)etcd .* cannot be built.*cannot find module"):
        build("etcd", env)
    assert find("etcd", env) is None


def test_two_builds_never_run_at_once_and_the_second_takes_what_the_first_made(
    tmp_path: Path, env: dict[str, str]
) -> None:
    log = tmp_path / "log"
    _program(tmp_path / "path/go", WORKING_GO.format(log=log))
    cache = tmp_path / "cache/gitops-bot/rig"
    cache.mkdir(parents=True)
    with (cache / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        builders = [_builder(env) for _ in range(2)]
        for builder in builders:
            assert builder.stdout
            assert "waiting for a build" in builder.stdout.readline()
        assert not log.exists()
    for builder in builders:
        assert "etcd" in builder.communicate(timeout=30)[0]
        assert builder.returncode == 0
    assert len(log.read_text().splitlines()) == 1


@pytest.mark.parametrize(("rig", "exit"), [("", 0), ("required", 1)])
def test_without_go_one_line_says_so_and_only_a_required_rig_fails(env: dict[str, str], rig: str, exit: int) -> None:
    builder = _builder({**env, "RIG": rig})
    said = builder.communicate(timeout=30)[0]
    assert builder.returncode == exit
    assert said.count("\n") == 1
    assert "no Go to build them with" in said


def test_the_lack_of_a_server_is_said_in_one_line(tmp_path: Path, env: dict[str, str]) -> None:
    assert lack(env | {"RIG": "no"}) == "no Kubernetes API server: RIG=no"
    assert "no Go to build them with" in (lack(env) or "")
    _program(tmp_path / "path/go")
    assert "`make rig` builds them" in (lack(env) or "")
    for name in ("etcd", "kube-apiserver", "kube-controller-manager"):
        _program(tmp_path / "path" / name)
    assert lack(env) is None


def test_a_name_without_a_recipe_is_refused(env: dict[str, str]) -> None:
    builder = _builder(env, "kubelet")
    assert "there is no recipe for kubelet" in builder.communicate(timeout=30)[0]
    assert builder.returncode == 2


def _program(path: Path, text: str = "#!/bin/sh\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


def _builder(env: dict[str, str], name: str = "etcd") -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "tests.rig.build", name],
        cwd=SOURCE,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
