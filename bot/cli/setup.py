"""`gitops-bot setup gitea OWNER/NAME`: looks at the token's rights, and makes the webhook or mends it.

Gitea neither tells a webhook's secret nor changes it, so a name that follows from the secret says which one it has.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from bot.cli.call import Call
from bot.cli.finding import Finding, good, odd
from bot.cli.usage import GOOD, Commands, Usage
from bot.core.errors import Refused

if TYPE_CHECKING:
    from bot.hosts.gitea.calls import Calls

# As Gitea is asked, and as it answers: `pull_request` alone would bring labels and assignments too.
EVENTS: Mapping[str, str] = {
    "push": "push",
    "pull_request_only": "pull_request",
    "pull_request_sync": "pull_request_sync",
    "pull_request_comment": "pull_request_comment",
    "pull_request_review": "pull_request_review",
}
EVERY_BRANCH = ("", "*")
USAGE = Usage(
    summary="a repository's webhook: made or mended, and the token's rights",
    text="""
    Looks at what the token of a forge may do in a repository, and says what is missing. Where nothing is, makes
    the webhook that calls this bot (SERVER__URL, GITEA__WEBHOOK_SECRET), or mends the one that there is: its
    events, its secret, its form, and that it is active. Whoever calls it twice has one webhook.
    """,
    exits={
        0: "the webhook is as it should be, or with --dry-run: what would be done was said",
        1: "the forge does not answer",
        3: "the token lacks a right, a setting is missing or wrong, or there is no such repository; nothing was done",
    },
    example="gitops-bot --config /etc/gitops-bot.toml setup gitea acme/infra",
)


def declare(commands: Commands) -> None:
    options = commands.add("setup", USAGE)
    options.add_argument("forge", choices=("gitea",), help="the forge: gitea (Forgejo too)")
    options.add_argument("repository", metavar="OWNER/NAME", help="the repository")
    options.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")


def run(call: Call) -> int:
    from bot.hosts.gitea import host
    from bot.hosts.gitea.calls import Calls
    from bot.hosts.gitea.settings import GiteaSettings

    section, its = call.settings.section("gitea"), call.settings
    gitea, settings = host(section, its.repos), GiteaSettings.of(section)
    if not its.server.url:
        raise Refused("SERVER__URL is not set: set it to the address that Gitea reaches the bot by")
    repository = gitea.repository(call.options["repository"])
    if lacking := gitea.missing_rights(repository):
        who = f"{repository.name}: {gitea.whoami()} or its token lacks"
        raise Refused(f"{who} {', '.join(lacking)}: see docs/gitea.md; nothing was done")
    _say(call, good(repository.name, f"{gitea.whoami()} and its token have the rights they need"))
    secret = settings.webhook_secret.get_secret_value()
    wanted = _wanted(f"{its.server.url}/webhooks/gitea", secret)
    hooks = _Hooks(Calls(settings), f"/repos/{repository.name}/hooks", wanted, secret)
    _say(call, hooks.settle(call.options["dry_run"]))
    return GOOD


def _say(call: Call, finding: Finding) -> None:
    call.say(f"{finding.mark} {finding.what}: {finding.words}")


@dataclass(frozen=True)
class _Hook:
    """A webhook of a repository; `id` is 0 until it is made. `authorization` is for a proxy on the way to us."""

    url: str
    name: str
    events: frozenset[str] = frozenset(EVENTS)
    id: int = 0
    type: str = "gitea"
    form: str = "json"
    active: bool = True
    branches: str = ""
    authorization: str = ""

    def beyond_mending(self, wanted: "_Hook") -> tuple[str, ...]:
        """What is wrong and Gitea changes for nobody, in words."""
        differs = {"it may have another secret": self.name != wanted.name, "its type": self.type != wanted.type}
        return tuple(words for words, wrong in differs.items() if wrong)

    def to_mend(self, wanted: "_Hook") -> tuple[str, ...]:
        """What else is wrong, in words. It may bring more events than are wanted."""
        differs = {
            "it was not active": not self.active,
            "its content type": self.form != wanted.form,
            "its branch filter": self.branches not in EVERY_BRANCH,
        }
        absent = sorted(EVENTS[event] for event in wanted.events - self.events)
        return (*(words for words, wrong in differs.items() if wrong), *(f"it lacked {event}" for event in absent))


class _Hooks:
    """The webhooks of one repository that call us. What calls another address is left alone."""

    def __init__(self, call: "Calls", path: str, wanted: _Hook, secret: str) -> None:
        self._call, self._path, self._wanted, self._secret = call, path, wanted, secret

    def settle(self, dry_run: bool) -> Finding:
        """See to it that there is exactly one, as wanted; the new one is made before an old one goes."""
        found = [hook for hook in map(_shaped, self._call.pages(self._path)) if hook.url == self._wanted.url]
        ours = sorted(found, key=lambda hook: (len(hook.beyond_mending(self._wanted)), hook.id))
        kept = next((hook for hook in ours if not hook.beyond_mending(self._wanted)), None)
        wrong = kept.to_mend(self._wanted) if kept else ours[0].beyond_mending(self._wanted) if ours else ()
        spare = [hook for hook in ours if hook is not kept]
        if not dry_run:
            self._write(kept, wrong, ours[0].authorization if ours else "")
            for hook in spare:
                self._call("DELETE", f"{self._path}/{hook.id}")
        verb = "mended" if kept else "replaced" if ours else "made"
        extra = len(ours) - 1
        why = (*wrong, *([f"{extra} more called us"] if extra > 0 else []))
        return _told(verb if why or not kept else "", why, self._wanted.url, dry_run)

    def _write(self, kept: _Hook | None, wrong: tuple[str, ...], authorization: str) -> None:
        if kept and wrong:
            body = _body(replace(self._wanted, events=kept.events | self._wanted.events), kept.authorization)
            self._call("PATCH", f"{self._path}/{kept.id}", body)
        elif not kept:
            body = _body(self._wanted, authorization)
            body["config"]["secret"] = self._secret
            self._call("POST", self._path, body)


def _wanted(url: str, secret: str) -> _Hook:
    """Its name says no more of the secret than the signature of each delivery does."""
    return _Hook(url, f"gitops-bot {hmac.new(secret.encode(), b'webhook', hashlib.sha256).hexdigest()[:12]}")


def _shaped(raw: Mapping[str, Any]) -> _Hook:
    """Gitea's JSON as ours; versions before 1.26 know no names. Events are named as they are asked for."""
    config, asked = raw.get("config") or {}, {told: event for event, told in EVENTS.items()}
    return _Hook(
        url=str(config.get("url", "")).rstrip("/"),
        name=str(raw.get("name") or ""),
        events=frozenset(asked.get(event, event) for event in raw.get("events") or ()),
        id=int(raw["id"]),
        type=str(raw.get("type")),
        form=str(config.get("content_type")),
        active=bool(raw.get("active")),
        branches=str(raw.get("branch_filter") or ""),
        authorization=str(raw.get("authorization_header") or ""),
    )


def _body(hook: _Hook, authorization: str) -> dict[str, Any]:
    return {
        "type": hook.type,
        "name": hook.name,
        "active": hook.active,
        "events": sorted(hook.events),
        "config": {"url": hook.url, "content_type": hook.form},
        "branch_filter": hook.branches,
        "authorization_header": authorization,
    }


def _told(verb: str, why: tuple[str, ...], url: str, dry_run: bool) -> Finding:
    if not verb:
        return good("webhook", f"calls {url}, as it should")
    because = f" ({'; '.join(why)})" if why else ""
    if dry_run:
        return odd("webhook", f"would be {verb}{because}: it would call {url}")
    return good("webhook", f"{verb}{because}: it calls {url}")
