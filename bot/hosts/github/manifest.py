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
from bot.hosts.github.callback import Visit, code_from
from bot.hosts.github.calls import AGENT
from bot.hosts.github.rights import EVENTS, PERMISSIONS
from bot.hosts.github.settings import GITHUB, Place

CODE = re.compile(r"[A-Za-z0-9_-]{1,100}")
LONGEST_NAME = 34
TIMEOUT_SECONDS = 15
MADE = "Made by `gitops-bot setup github`. It holds secrets."
VARIABLES = ".env"
PATIENCE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Wanted:
    """The App to make. `url` is where GitHub reaches the bot; `owner` an organisation, or empty for one's own account.

    `section` are the settings for GitHub, of which its address counts; `file` is where the new settings go: TOML, or
    variables where its name ends in `.env`.
    """

    section: Mapping[str, object]
    url: str
    file: Path
    owner: str = ""
    name: str = "gitops-bot"
    patience: timedelta = PATIENCE


@dataclass(frozen=True, slots=True)
class Made:
    """The App, and where people give it repositories."""

    id: int
    slug: str
    install: str


def make_app(wanted: Wanted, say: Callable[[str], None]) -> Made:
    """Make the App and write its settings; `say` prints what the person has to do.

    Raises Refused where something is missing, the file is there already, or nobody came; nothing is left behind then.
    """
    place = Place.of({key: wanted.section[key] for key in ("api_url", "ca_file") if key in wanted.section})
    if not wanted.url:
        raise Refused("SERVER__URL is not set: set it to the address that GitHub reaches the bot by")
    if not 0 < len(wanted.name) <= LONGEST_NAME:
        raise Refused(f"an App's name has 1 to {LONGEST_NAME} characters")
    with _reserved(wanted.file) as write:
        visit = Visit(_form(place, wanted.owner), lambda back: json.dumps(_manifest(wanted, back)), wanted.patience)
        raw = _converted(place, code_from(visit, lambda at: _invite(say, at)))
        written = _settings(place, raw)
        write(_variables(written) if wanted.file.suffix == VARIABLES else _toml(written))
    return Made(int(raw["id"]), str(raw["slug"]), f"{raw['html_url']}/installations/new")


def _manifest(wanted: Wanted, back: str) -> dict[str, Any]:
    """What GitHub asks the person to agree to: the least that the bot works with."""
    return {
        "name": wanted.name,
        "url": wanted.url,
        "description": "Plans and applies infrastructure from pull requests.",
        "hook_attributes": {"url": f"{wanted.url}/webhooks/github", "active": True},
        "redirect_url": back,
        "public": False,
        "default_permissions": dict(PERMISSIONS),
        "default_events": list(EVENTS),
    }


def _form(place: Place, owner: str) -> str:
    """Where GitHub takes a manifest."""
    whose = f"organizations/{quote(owner, safe='')}/" if owner else ""
    return f"{place.web_url}/{whose}settings/apps/new"


def _invite(say: Callable[[str], None], address: str) -> None:
    port = address.partition("//")[2].partition("/")[0].rpartition(":")[2]
    say(f"Open this in a browser, and agree to what GitHub shows:\n\n  {address}\n")
    say(f"(from another machine, first: ssh -L {port}:127.0.0.1:{port} THIS_MACHINE)")


def _converted(place: Place, code: str) -> dict[str, Any]:
    """The new App with its secrets; the code is used up."""
    if not CODE.fullmatch(code):
        raise Refused("GitHub's code is none: begin again")
    url = f"{place.api_url.rstrip('/')}/app-manifests/{code}/conversions"
    verify = str(place.ca_file) if place.ca_file else True
    headers = {"Accept": "application/vnd.github+json", "User-Agent": AGENT}
    try:
        answer = requests.post(url, headers=headers, timeout=TIMEOUT_SECONDS, verify=verify)
        raw = answer.json()
    except (requests.RequestException, ValueError) as down:
        raise Transient(f"GitHub at {place.api_url} does not answer: {type(down).__name__}; begin again") from down
    if answer.status_code != requests.codes.created or not {"id", "pem", "webhook_secret"} <= raw.keys():
        raise Refused(f"GitHub did not make the App: {raw.get('message', answer.status_code)}")
    return dict(raw)


def _settings(place: Place, raw: Mapping[str, Any]) -> dict[str, str | int]:
    """What a bot needs to be this App, by the names that settings have."""
    found: dict[str, str | int] = {"app_id": int(raw["id"]), "webhook_secret": raw["webhook_secret"]}
    if place.api_url != GITHUB:
        found["api_url"] = place.api_url
    if place.ca_file:
        found["ca_file"] = str(place.ca_file.resolve())
    return found | {"private_key": str(raw["pem"])}


def _toml(settings: Mapping[str, str | int]) -> str:
    """A settings file, whose plain strings are JSON's."""
    lines = [f"{name} = {json.dumps(value)}" for name, value in settings.items()]
    return "\n".join([f"# {MADE}", "[github]", *lines, ""])


def _variables(settings: Mapping[str, str | int]) -> str:
    """A file of variables, for systemd and containers alike: they agree on no way to write a line break or a quote."""
    values = {**settings, "private_key": base64.b64encode(str(settings["private_key"]).encode()).decode()}
    lines = [f"GITOPS_BOT_GITHUB__{name.upper()}={value}" for name, value in values.items()]
    return "\n".join([f"# {MADE}", *lines, ""])


@contextmanager
def _reserved(file: Path) -> Iterator[Callable[[str], None]]:
    """The wanted file, ours from now on and gone again unless it is written: a key is told only once."""
    try:
        os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError as why:
        raise Refused(f"{file} is there already: name another file, or move it away") from why
    except OSError as why:
        raise Refused(f"{file} cannot be written: {why.strerror}") from why
    written = False

    def write(text: str) -> None:
        nonlocal written
        with tempfile.NamedTemporaryFile("w", dir=file.parent, prefix=f".{file.name}-", delete=False) as aside:
            written = True
            aside.write(text)
            aside.flush()
            os.fsync(aside.fileno())
        os.replace(aside.name, file)

    try:
        yield write
    finally:
        if not written:
            file.unlink(missing_ok=True)
