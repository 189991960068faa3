"""`gitops-bot completion`: its scripts in the real shells. What is offered is what the parser takes."""

import os
import pty
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot.cli.completion.parser_tree import ValueKind, levels
from bot.cli.main import parser
from tests.shell.calling import PROGRAMS, TOP, environment, gitops_bot, write

LEVELS = {level.path: level for level in levels(parser())}
PATIENCE = 60
BASH = """\
source "$1"
COMP_WORDS=("${@:2}")
COMP_CWORD=$(( ${#COMP_WORDS[@]} - 1 ))
_gitops_bot
printf '%s\\n' "${COMPREPLY[@]}"
"""
FISH = 'source $argv[1]; complete -C (string join " " -- $argv[2..])'


def installed(shell: str) -> str:
    found = shutil.which(shell, path=PROGRAMS)
    if not found:
        pytest.skip(f"{shell} is not installed")
    return found


@pytest.fixture(params=["bash", "fish"])
def offered(request: pytest.FixtureRequest, here: Path, tmp_path: Path) -> Callable[..., set[str]]:
    """What the shell offers for the last of these words; the directory has a file, and a directory with a space."""
    name = request.param
    program = installed(name)
    script = tmp_path / f"script.{name}"
    script.write_text(gitops_bot("completion", name, cwd=here).stdout)
    (here / "settings.toml").touch()
    (here / "my net").mkdir()
    start = [program, "--norc", "-c", BASH, "bash"] if name == "bash" else [program, "--no-config", "-c", FISH]

    def ask(*words: str) -> set[str]:
        command = [*start, str(script), "gitops-bot", *words]
        env = environment(tmp_path / "home")
        done = subprocess.run(command, cwd=here, env=env, capture_output=True, text=True, check=False)
        assert not done.stderr, done.stderr
        return {line.partition("\t")[0].rstrip("/") for line in done.stdout.splitlines()} - {""}

    return ask


def test_every_command_is_offered(offered: Callable[..., set[str]]) -> None:
    assert offered("") == set(LEVELS[()].subcommands)


@pytest.mark.parametrize("words", [words for words in LEVELS if words], ids=" ".join)
def test_every_option_is_offered_where_it_is_taken(offered: Callable[..., set[str]], words: tuple[str, ...]) -> None:
    there = {flag for option in LEVELS[words].options for flag in option.flags if flag.startswith("--")}
    assert offered(*words, "--") == there
    if LEVELS[words].subcommands:
        assert offered(*words, "") >= set(LEVELS[words].subcommands)
    if LEVELS[words].argument.kind is ValueKind.WORDS:
        assert offered(*words, "") == set(LEVELS[words].argument.choices)


def test_values_are_offered_by_their_kind(offered: Callable[..., set[str]]) -> None:
    assert offered("--config", "set") == {"settings.toml"}
    assert {one.replace("\\", "") for one in offered("plan", "my")} == {"my net"}
    assert offered("plan", "set") == set()
    assert offered("runs", "--limit", "") == set()


def test_bash_takes_a_value_apart_from_its_option(here: Path, tmp_path: Path) -> None:
    """Bash itself cuts `--config=set` in three."""
    script = write(tmp_path, {"script": gitops_bot("completion", "bash", cwd=here).stdout}) / "script"
    (here / "settings.toml").touch()
    words = ["gitops-bot", "--config", "=", "set"]
    command = [installed("bash"), "--norc", "-c", BASH, "bash", str(script), *words]
    done = subprocess.run(command, cwd=here, env={"PATH": PROGRAMS}, capture_output=True, text=True, check=True)
    assert done.stdout == "settings.toml\n"


def test_values_of_options_are_not_taken_for_commands(offered: Callable[..., set[str]]) -> None:
    assert "--story" in offered("--config", "plan", "demo", "--")
    assert "--junit" in offered("--verbose", "plan", "-w", "demo", "--")


@pytest.fixture
def zsh(here: Path, tmp_path: Path) -> Iterator[Callable[[str, str], str]]:
    """A person at zsh, who types, presses tab twice, and reads until something is there."""
    program = installed("zsh")
    (tmp_path / "script.zsh").write_text(gitops_bot("completion", "zsh", cwd=here).stdout)
    (here / "my net").mkdir()
    env = environment(tmp_path / "home") | {"TERM": "dumb", "PS1": "> "}
    screen, its = pty.openpty()
    start = [program, "-f", "-i"]
    child = subprocess.Popen(start, cwd=here, env=env, stdin=its, stdout=its, stderr=its, start_new_session=True)
    os.close(its)

    def read(wanted: str, seen: str = "") -> str:
        until = time.monotonic() + PATIENCE
        while wanted not in seen and time.monotonic() < until:
            if select.select([screen], [], [], 1)[0]:
                seen += os.read(screen, 65536).decode(errors="replace")
        assert wanted in seen, seen
        return seen

    def type_(keys: str, wanted: str) -> str:
        os.write(screen, keys.encode())
        return read(wanted)

    type_(f"autoload -Uz compinit && compinit -u -D; source {tmp_path / 'script.zsh'}; echo rea''dy\n", "ready")
    yield type_
    child.kill()
    child.wait()
    os.close(screen)


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("gitops-bot pla\t", "plan "),
        ("gitops-bot --config x check --rep\t", "--repository"),
        ("gitops-bot cluster pl\t", "planner "),
        ("gitops-bot cluster planner --kubec\t", "--kubeconfig"),
        ("gitops-bot completion fi\t", "fish "),
        ("gitops-bot plan m\t", "my\\ net"),
        ("gitops-bot \t\t", "freeze"),
    ],
)
def test_zsh_completes(zsh: Callable[[str, str], str], typed: str, wanted: str) -> None:
    typed_alone = typed.rstrip("\t")
    assert wanted not in typed_alone
    zsh(typed, wanted)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_script_imports_nothing_heavy(here: Path, shell: str) -> None:
    heavy = ("dbos", "github", "sqlalchemy", "kubernetes", "flask", "pydantic", "rich", "jinja2")
    code = (
        f"import sys; sys.argv = ['gitops-bot', 'completion', '{shell}']\n"
        "from bot.cli import main\n"
        "try: main()\nexcept SystemExit: pass\n"
        f"sys.exit(' '.join(name for name in {heavy!r} if name in sys.modules) or 0)"
    )
    env = {"PATH": os.defpath, "PYTHONPATH": str(TOP)}
    done = subprocess.run([sys.executable, "-c", code], cwd=here, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_shell_that_there_is_no_script_for_is_refused(here: Path) -> None:
    assert gitops_bot("completion", "tcsh", cwd=here).returncode == 3
