"""The webhook of a repository that calls us: made, mended, or left as it is. Called by `gitops-bot setup gitea`.

Gitea neither tells a webhook's secret nor changes it, so a name that follows from the secret says which one it has.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from bot.core.pull import Repository
from bot.hosts.gitea.calls import Calls
from bot.hosts.gitea.settings import GiteaSettings

# As Gitea is asked, and as it answers: `pull_request` alone would bring labels and assignments too.
EVENTS: Mapping[str, str] = {
    "push": "push",
    "pull_request_only": "pull_request",
    "pull_request_sync": "pull_request_sync",
    "pull_request_comment": "pull_request_comment",
    "pull_request_review": "pull_request_review",
}
EVERY_BRANCH = ("", "*")


@dataclass(frozen=True, slots=True)
class Settled:
    """What was done (`made`, `mended`, `replaced`, or nothing) with the webhook, and why, in words."""

    verb: str
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Hook:
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

    def beyond_mending(self, wanted: "Hook") -> tuple[str, ...]:
        """What is wrong and Gitea changes for nobody, in words."""
        differs = {"it may have another secret": self.name != wanted.name, "its type": self.type != wanted.type}
        return tuple(words for words, wrong in differs.items() if wrong)

    def to_mend(self, wanted: "Hook") -> tuple[str, ...]:
        """What else is wrong, in words. It may bring more events than are wanted."""
        differs = {
            "it was not active": not self.active,
            "its content type": self.form != wanted.form,
            "its branch filter": self.branches not in EVERY_BRANCH,
        }
        absent = sorted(EVENTS[event] for event in wanted.events - self.events)
        return (*(words for words, wrong in differs.items() if wrong), *(f"it lacked {event}" for event in absent))


class Hooks:
    """The webhooks of one repository that call `url`. What calls another address is left alone."""

    def __init__(self, settings: GiteaSettings, repository: Repository, url: str) -> None:
        self._call = Calls(settings)
        self._path = f"/repos/{repository.name}/hooks"
        self._secret = settings.webhook_secret.get_secret_value()
        self._wanted = Hook(url, _name(self._secret))

    def settle(self, dry_run: bool) -> Settled:
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
        extra = len(ours) - 1
        why = (*wrong, *([f"{extra} more called us"] if extra > 0 else []))
        verb = "mended" if kept else "replaced" if ours else "made"
        return Settled(verb if why or not kept else "", why)

    def _write(self, kept: Hook | None, wrong: tuple[str, ...], authorization: str) -> None:
        if kept and wrong:
            body = _body(replace(self._wanted, events=kept.events | self._wanted.events), kept.authorization)
            self._call("PATCH", f"{self._path}/{kept.id}", body)
        elif not kept:
            body = _body(self._wanted, authorization)
            body["config"]["secret"] = self._secret
            self._call("POST", self._path, body)


def _name(secret: str) -> str:
    """It says no more of the secret than the signature of each delivery does."""
    return f"gitops-bot {hmac.new(secret.encode(), b'webhook', hashlib.sha256).hexdigest()[:12]}"


def _shaped(raw: Mapping[str, Any]) -> Hook:
    """Gitea's JSON as ours; versions before 1.26 know no names. Events are named as they are asked for."""
    config, asked = raw.get("config") or {}, {told: event for event, told in EVENTS.items()}
    return Hook(
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


def _body(hook: Hook, authorization: str) -> dict[str, Any]:
    return {
        "type": hook.type,
        "name": hook.name,
        "active": hook.active,
        "events": sorted(hook.events),
        "config": {"url": hook.url, "content_type": hook.form},
        "branch_filter": hook.branches,
        "authorization_header": authorization,
    }
