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
from bot.cli.usage import FAILED, GOOD, REFUSED, Subcommands, Usage

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
        3: "Terraform or OpenTofu is missing, the sandbox is not installed, or --dir cannot be used",
    },
    example="gitops-bot demo --dir /tmp/gitops-demo --port 8081",
)


def declare(commands: Subcommands) -> None:
    """Add the command."""
    options = commands.add("demo", USAGE)
    options.add_argument("--story", action="store_true", help="play it through in the terminal and exit")
    options.add_argument("--context", metavar="NAME", help="a kubeconfig context whose cluster the demo may change")
    options.add_argument("--dir", type=Path, help="an empty directory to keep it in (default: a temporary one)")
    options.add_argument("--port", type=int, default=0, help="port of the forge's page (default: any)")


def run(call: Call) -> int:
    """Play the demo or its story; the exit status. Raises Refused where it cannot begin."""
    from bot.cli.sandbox import require_sandbox

    require_sandbox()
    from sandbox import local_cluster, scenes
    from sandbox.stage import Stage, WaitTimeout

    path = call.environment.get("PATH", "")
    if missing := _missing_programs(path):
        call.say(f"The demo needs {missing} on your PATH: install it.")
        return REFUSED

    renders = any(shutil.which(name, path=path) for name in ("kustomize", "kubectl"))
    search = None if call.options["story"] else local_cluster.find_cluster(call.environment, call.options["context"])
    cluster = search.cluster if search else None
    if search and renders:
        call.say(f"Kubernetes: {search.message}.")
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
                return _page(call, stage, settings["SERVER__TOKEN"], scenes.example_files(renders, cluster is not None))
        except WaitTimeout as error:
            call.say(f"This should have happened and did not: {error}")
            return FAILED


def _missing_programs(path: str) -> str:
    """What the demo cannot do without and is not there."""
    if not any(shutil.which(name, path=path) for name in ("terraform", "tofu")):
        return "Terraform or OpenTofu"
    return "" if shutil.which("git", path=path) else "git"


def _story(call: Call, stage: "Stage") -> int:
    from sandbox.story import Story

    Story(stage, call.say).play()
    return GOOD


def _page(call: Call, stage: "Stage", token: str, files: Mapping[str, str]) -> int:
    """Set the scene, say where it is, and stay until somebody ends it."""
    from sandbox import scenes

    call.say("Setting up: a forge, the bot, and an example repository that is applied once…")
    clone = scenes.bring_up(stage, files)
    stage.alice.push(clone, scenes.change_everything(files), "bigger", "Grow the app, ship cart 2.1.0")
    number = stage.alice.open_pull(stage.repo, "bigger", "main", "Grow the app, ship cart 2.1.0")
    stage.wait_for_comment(number, "What blocks the apply")
    call.say(f"\n  {stage.forge.url}/{stage.repo}/pull/{number}\n")
    call.say("You act as alice, its author. Choose bob at the top right to approve; then comment /apply, or merge.")
    call.say("carol may only read. `/help` says what else there is.\n")
    call.say(f"The bot's own pages: {stage.bot_url}/runs (sign in with {token})")
    call.say(f"Everything is kept in {stage.directory}, the bot's data in {stage.data}\n")
    _say_how_to_open_another(call, stage)
    directory_note = "and leaves that directory as it is" if call.options["dir"] else "and removes it"
    stop = threading.Event()
    for signal_number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signal_number, lambda *_: stop.set())
    call.say(f"\nCtrl-C ends the demo {directory_note}.")
    stop.wait()
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

    option = call.options["dir"]
    if not option:
        with tempfile.TemporaryDirectory(prefix="gitops-bot-demo-", ignore_cleanup_errors=True) as directory:
            yield Path(directory)
        return
    directory_path = (call.cwd / option).resolve()
    try:
        directory_path.mkdir(parents=True, exist_ok=True)
        if any(directory_path.iterdir()):
            raise Refused(f"{option} is not empty: name a new directory, for a demo always begins anew")
    except OSError as error:
        raise Refused(f"the demo cannot be kept in {option} ({error.strerror}): name another --dir") from error
    yield directory_path
