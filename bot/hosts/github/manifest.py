"""Makes a GitHub App of our own from a manifest, with a person's browser. Called by `gitops-bot setup github`.

GitHub shows the person what the App may do, and gives a code that is good for one App's key and webhook secret, told
this once. They go into a settings file that only its owner reads, and nowhere else.
"""

import base64
import json
import os
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import requests

from bot.core.errors import Refused, Transient
from bot.hosts.github.callback import Visit, await_code
from bot.hosts.github.client import USER_AGENT
from bot.hosts.github.rights import EVENTS, PERMISSIONS
from bot.hosts.github.settings import GITHUB, GitHubAddress

CODE = re.compile(r"[A-Za-z0-9_-]{1,100}")
LONGEST_NAME = 34
TIMEOUT_SECONDS = 15
HEADER = "Made by `gitops-bot setup github`. It holds secrets."
ENV_SUFFIX = ".env"
TIMEOUT = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class AppRequest:
    """The App to make. `url` is where GitHub reaches the bot; `owner` an organisation, or empty for one's own account.

    `section` are the settings for GitHub, of which its address counts; `file` is where the new settings go: TOML, or
    variables where its name ends in `.env`.
    """

    section: Mapping[str, object]
    url: str
    file: Path
    owner: str = ""
    name: str = "gitops-bot"
    timeout: timedelta = TIMEOUT


@dataclass(frozen=True, slots=True)
class CreatedApp:
    """The App, and where people give it repositories."""

    id: int
    slug: str
    install: str


def create_app(request: AppRequest, say: Callable[[str], None]) -> CreatedApp:
    """Make the App and write its settings; `say` prints what the person has to do.

    Raises Refused where something is missing, the file is there already, or nobody came; nothing is left behind then.
    """
    address = GitHubAddress.of({key: request.section[key] for key in ("api_url", "ca_file") if key in request.section})
    if not request.url:
        raise Refused("SERVER__URL is not set: set it to the address that GitHub reaches the bot by")
    if not 0 < len(request.name) <= LONGEST_NAME:
        raise Refused(f"an App's name has 1 to {LONGEST_NAME} characters")
    with _reserve_file(request.file) as write:
        visit = Visit(
            _form(address, request.owner),
            lambda redirect_url: json.dumps(_manifest(request, redirect_url)),
            request.timeout,
        )
        raw = _exchange_code(address, await_code(visit, lambda url: _invite(say, url)))
        settings = _app_settings(address, raw)
        write(_env_file(settings) if request.file.suffix == ENV_SUFFIX else _toml(settings))
    return CreatedApp(int(raw["id"]), str(raw["slug"]), f"{raw['html_url']}/installations/new")


def _manifest(request: AppRequest, redirect_url: str) -> dict[str, Any]:
    """What GitHub asks the person to agree to: the least that the bot works with."""
    return {
        "name": request.name,
        "url": request.url,
        "description": "Plans and applies infrastructure from pull requests.",
        "hook_attributes": {"url": f"{request.url}/webhooks/github", "active": True},
        "redirect_url": redirect_url,
        "public": False,
        "default_permissions": dict(PERMISSIONS),
        "default_events": list(EVENTS),
    }


def _form(address: GitHubAddress, owner: str) -> str:
    """Where GitHub takes a manifest."""
    account_path = f"organizations/{quote(owner, safe='')}/" if owner else ""
    return f"{address.web_url}/{account_path}settings/apps/new"


def _invite(say: Callable[[str], None], address: str) -> None:
    port = address.partition("//")[2].partition("/")[0].rpartition(":")[2]
    say(f"Open this in a browser, and agree to what GitHub shows:\n\n  {address}\n")
    say(f"(from another machine, first: ssh -L {port}:127.0.0.1:{port} THIS_MACHINE)")


def _exchange_code(address: GitHubAddress, code: str) -> dict[str, Any]:
    """The new App with its secrets; the code is used up."""
    if not CODE.fullmatch(code):
        raise Refused("GitHub's code is none: begin again")
    url = f"{address.api_url.rstrip('/')}/app-manifests/{code}/conversions"
    verify = str(address.ca_file) if address.ca_file else True
    headers = {"Accept": "application/vnd.github+json", "User-Agent": USER_AGENT}
    try:
        response = requests.post(url, headers=headers, timeout=TIMEOUT_SECONDS, verify=verify)
        raw = response.json()
    except (requests.RequestException, ValueError) as error:
        raise Transient(f"GitHub at {address.api_url} does not answer: {type(error).__name__}; begin again") from error
    if response.status_code != requests.codes.created or not {"id", "pem", "webhook_secret"} <= raw.keys():
        raise Refused(f"GitHub did not make the App: {raw.get('message', response.status_code)}")
    return dict(raw)


def _app_settings(address: GitHubAddress, raw: Mapping[str, Any]) -> dict[str, str | int]:
    """What a bot needs to be this App, by the names that settings have."""
    settings: dict[str, str | int] = {"app_id": int(raw["id"]), "webhook_secret": raw["webhook_secret"]}
    if address.api_url != GITHUB:
        settings["api_url"] = address.api_url
    if address.ca_file:
        settings["ca_file"] = str(address.ca_file.resolve())
    return settings | {"private_key": str(raw["pem"])}


def _toml(settings: Mapping[str, str | int]) -> str:
    """A settings file, whose plain strings are JSON's."""
    lines = [f"{name} = {json.dumps(value)}" for name, value in settings.items()]
    return "\n".join([f"# {HEADER}", "[github]", *lines, ""])


def _env_file(settings: Mapping[str, str | int]) -> str:
    """A file of variables, for systemd and containers alike: they agree on no way to write a line break or a quote."""
    values = {**settings, "private_key": base64.b64encode(str(settings["private_key"]).encode()).decode()}
    lines = [f"GITOPS_BOT_GITHUB__{name.upper()}={value}" for name, value in values.items()]
    return "\n".join([f"# {HEADER}", *lines, ""])


@contextmanager
def _reserve_file(file: Path) -> Iterator[Callable[[str], None]]:
    """The wanted file, ours from now on and gone again unless it is written: a key is told only once."""
    try:
        os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError as error:
        raise Refused(f"{file} is there already: name another file, or move it away") from error
    except OSError as error:
        raise Refused(f"{file} cannot be written: {error.strerror}") from error
    is_written = False

    def write(text: str) -> None:
        nonlocal is_written
        with tempfile.NamedTemporaryFile("w", dir=file.parent, prefix=f".{file.name}-", delete=False) as replacement:
            is_written = True
            replacement.write(text)
            replacement.flush()
            os.fsync(replacement.fileno())
        os.replace(replacement.name, file)

    try:
        yield write
    finally:
        if not is_written:
            file.unlink(missing_ok=True)
