"""`gitops-bot demo` and `gitops-bot demo --story`."""

import contextlib
import secrets
import shutil
import signal
import tempfile
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from bot.cli.call import Call
from bot.cli.usage import FAILED, GOOD, REFUSED, Commands, Usage

if TYPE_CHECKING:
    from sandbox.stage import Stage

USAGE = Usage(
    summary="a forge, the bot and a pull request on this machine",
    text="""
    Starts a forge and the bot on this machine, brings up an example repository, opens a pull request, and
    prints the addresses of its page and of the bot's, where everything is kept, and how to open another pull
    request with git. Ctrl-C ends it. With kubectl or kustomize on PATH a Kubernetes project is part of it: applied
    to the current kubeconfig context if that is a local cluster's (kind, k3d, minikube), or to the one that
    --context names; else only what it renders is shown. --story plays push, plan, approval, apply, merge and
    rollback in the terminal instead. It needs git, and Terraform or OpenTofu; nothing leaves this machine but
    what they download.
    """,
    exits={
        0: "ended, or the story came to its end",
        1: "something did not happen; the bot's last words are shown",
        3: "Terraform or OpenTofu is missing, or --dir cannot be used",
    },
    example="gitops-bot demo --dir /tmp/gitops-demo --port 8081",
)


def declare(commands: Commands) -> None:
    options = commands.add("demo", USAGE)
    options.add_argument("--story", action="store_true", help="play it through in the terminal and exit")
    options.add_argument("--context", metavar="NAME", help="a kubeconfig context whose cluster the demo may change")
    options.add_argument("--dir", type=Path, help="an empty directory to keep it in (default: a temporary one)")
    options.add_argument("--port", type=int, default=0, help="port of the forge's page (default: any)")


def run(call: Call) -> int:
    from sandbox import local_cluster, scenes
    from sandbox.stage import Stage, Waited

    path = call.environment.get("PATH", "")
    if lacking := _lacking(path):
        call.say(f"The demo needs {lacking} on your PATH: install it.")
        return REFUSED
    _refuse_without_examples()
    renders = any(shutil.which(name, path=path) for name in ("kustomize", "kubectl"))
    found = None if call.options["story"] else local_cluster.found(call.environment, call.options["context"])
    cluster = found.cluster if found else None
    if found and renders:
        call.say(f"Kubernetes: {found.said}.")
    settings = {
        "SWEEP_EVERY": "5s",
        "SERVER__TOKEN": secrets.token_urlsafe(12),
        **(cluster.settings if cluster else {}),
    }
    with _directory(call) as directory:
        try:
            with Stage(directory, settings, port=call.options["port"], path=path, private=True) as stage:
                if call.options["story"]:
                    return _story(call, stage)
                return _page(call, stage, settings["SERVER__TOKEN"], scenes.example(renders, cluster is not None))
        except Waited as waited:
            call.say(f"This should have happened and did not: {waited}")
            return FAILED


def _lacking(path: str) -> str:
    """What the demo cannot do without and is not there."""
    if not any(shutil.which(name, path=path) for name in ("terraform", "tofu")):
        return "Terraform or OpenTofu"
    return "" if shutil.which("git", path=path) else "git"


def _refuse_without_examples() -> None:
    from bot.core.errors import Refused
    from sandbox.scenes import EXAMPLES

    if not EXAMPLES.is_dir():
        raise Refused("the demo plays with the examples of a clone: `git clone` gitops-bot and run `make demo` there")


def _story(call: Call, stage: "Stage") -> int:
    from sandbox.story import Story

    Story(stage, call.say).play()
    return GOOD


def _page(call: Call, stage: "Stage", token: str, files: Mapping[str, str]) -> int:
    """Set the scene, say where it is, and stay until somebody ends it."""
    from sandbox import scenes

    call.say("Setting up: a forge, the bot, and an example repository that is applied once…")
    clone = scenes.bring_up(stage, files)
    stage.alice.push(clone, scenes.changed_much(files), "bigger", "Grow the app, ship cart 2.1.0")
    number = stage.alice.open_pull(stage.repo, "bigger", "main", "Grow the app, ship cart 2.1.0")
    stage.comment_with(number, "What blocks the apply")
    call.say(f"\n  {stage.forge.url}/{stage.repo}/pull/{number}\n")
    call.say("You act as alice, its author. Choose bob at the top right to approve; then comment /apply, or merge.")
    call.say("carol may only read. `/help` says what else there is.\n")
    call.say(f"The bot's own pages: {stage.bot_url}/runs (sign in with {token})")
    call.say(f"Everything is kept in {stage.directory}, the bot's data in {stage.data}\n")
    _say_how_to_open_another(call, stage)
    kept = "and leaves that directory as it is" if call.options["dir"] else "and removes it"
    ended = threading.Event()
    for number_of_signal in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number_of_signal, lambda *_: ended.set())
    call.say(f"\nCtrl-C ends the demo {kept}.")
    ended.wait()
    return GOOD


def _say_how_to_open_another(call: Call, stage: "Stage") -> None:
    """Lines that can be pasted as they are."""
    alice, url = stage.alice, stage.forge.url
    clone = f"{url.replace('://', f'://{alice.login}:{alice.token}@')}/{stage.repo}.git"
    pull = '{"head": "mine", "base": "main", "title": "My change"}'
    change = """echo 'resource "terraform_data" "mine" {}' >> network/main.tf && git commit -qam "My change\""""
    who = f"-c user.name={alice.login} -c user.email={alice.email}"
    call.say("Another pull request, as alice, with git:")
    call.say(f"  git clone {who} {clone} && cd infra && git switch -c mine")
    call.say(f"  {change} && git push origin mine")
    headers = f"-H 'Authorization: token {alice.token}' -H 'Content-Type: application/json'"
    call.say(f"  curl -s {headers} -d '{pull}' {url}/api/v3/repos/{stage.repo}/pulls")


@contextlib.contextmanager
def _directory(call: Call) -> Iterator[Path]:
    """The directory that was named, which is kept, or a temporary one. Raises Refused where it cannot be used."""
    from bot.core.errors import Refused

    chosen = call.options["dir"]
    if not chosen:
        with tempfile.TemporaryDirectory(prefix="gitops-bot-demo-", ignore_cleanup_errors=True) as directory:
            yield Path(directory)
        return
    named = (call.cwd / chosen).resolve()
    try:
        named.mkdir(parents=True, exist_ok=True)
        if any(named.iterdir()):
            raise Refused(f"{chosen} is not empty: name a new directory, for a demo always begins anew")
    except OSError as why:
        raise Refused(f"the demo cannot be kept in {chosen} ({why.strerror}): name another --dir") from why
    yield named
