"""The webhook of a repository that calls us: made, mended, or left as it is. Called by `gitops-bot setup gitea`.

Gitea neither tells a webhook's secret nor changes it, so a name that follows from the secret says which one it has.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from bot.core.pull import Repository
from bot.hosts.gitea.client import ApiClient
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
class SetupReport:
    """What was done (`made`, `mended`, `replaced`, or nothing) with the webhook, and why, in words."""

    verb: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RepositoryWebhook:
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

    def unfixable_differences(self, desired: "RepositoryWebhook") -> tuple[str, ...]:
        """What is wrong and Gitea changes for nobody, in words."""
        differences = {"it may have another secret": self.name != desired.name, "its type": self.type != desired.type}
        return tuple(label for label, is_different in differences.items() if is_different)

    def fixable_differences(self, desired: "RepositoryWebhook") -> tuple[str, ...]:
        """What else is wrong, in words. It may bring more events than are wanted."""
        differences = {
            "it was not active": not self.active,
            "its content type": self.form != desired.form,
            "its branch filter": self.branches not in EVERY_BRANCH,
        }
        missing_events = sorted(EVENTS[event] for event in desired.events - self.events)
        return (
            *(label for label, is_different in differences.items() if is_different),
            *(f"it lacked {event}" for event in missing_events),
        )


class WebhookSetup:
    """The webhooks of one repository that call `url`. What calls another address is left alone."""

    def __init__(self, settings: GiteaSettings, repository: Repository, url: str) -> None:
        self._api = ApiClient(settings)
        self._path = f"/repos/{repository.name}/hooks"
        self._secret = settings.webhook_secret.get_secret_value()
        self._desired = RepositoryWebhook(url, _webhook_name(self._secret))

    def settle(self, dry_run: bool) -> SetupReport:
        """See to it that there is exactly one, as wanted; the new one is made before an old one goes."""
        candidates = [hook for hook in map(_parse, self._api.pages(self._path)) if hook.url == self._desired.url]
        webhooks = sorted(candidates, key=lambda hook: (len(hook.unfixable_differences(self._desired)), hook.id))
        usable = next((hook for hook in webhooks if not hook.unfixable_differences(self._desired)), None)
        differences = (
            usable.fixable_differences(self._desired)
            if usable
            else webhooks[0].unfixable_differences(self._desired)
            if webhooks
            else ()
        )
        surplus = [hook for hook in webhooks if hook is not usable]
        if not dry_run:
            self._write(usable, differences, webhooks[0].authorization if webhooks else "")
            for hook in surplus:
                self._api("DELETE", f"{self._path}/{hook.id}")
        surplus_count = len(webhooks) - 1
        reasons = (*differences, *([f"{surplus_count} more called us"] if surplus_count > 0 else []))
        verb = "mended" if usable else "replaced" if webhooks else "made"
        return SetupReport(verb if reasons or not usable else "", reasons)

    def _write(self, usable: RepositoryWebhook | None, differences: tuple[str, ...], authorization: str) -> None:
        if usable and differences:
            body = _body(replace(self._desired, events=usable.events | self._desired.events), usable.authorization)
            self._api("PATCH", f"{self._path}/{usable.id}", body)
        elif not usable:
            body = _body(self._desired, authorization)
            body["config"]["secret"] = self._secret
            self._api("POST", self._path, body)


def _webhook_name(secret: str) -> str:
    """It says no more of the secret than the signature of each delivery does."""
    return f"gitops-bot {hmac.new(secret.encode(), b'webhook', hashlib.sha256).hexdigest()[:12]}"


def _parse(raw: Mapping[str, Any]) -> RepositoryWebhook:
    """Gitea's JSON as ours; versions before 1.26 know no names. Events are named as they are asked for."""
    config, requested = raw.get("config") or {}, {answered: event for event, answered in EVENTS.items()}
    return RepositoryWebhook(
        url=str(config.get("url", "")).rstrip("/"),
        name=str(raw.get("name") or ""),
        events=frozenset(requested.get(event, event) for event in raw.get("events") or ()),
        id=int(raw["id"]),
        type=str(raw.get("type")),
        form=str(config.get("content_type")),
        active=bool(raw.get("active")),
        branches=str(raw.get("branch_filter") or ""),
        authorization=str(raw.get("authorization_header") or ""),
    )


def _body(hook: RepositoryWebhook, authorization: str) -> dict[str, Any]:
    return {
        "type": hook.type,
        "name": hook.name,
        "active": hook.active,
        "events": sorted(hook.events),
        "config": {"url": hook.url, "content_type": hook.form},
        "branch_filter": hook.branches,
        "authorization_header": authorization,
    }
