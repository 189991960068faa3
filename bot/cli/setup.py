"""`gitops-bot setup gitea OWNER/NAME`: looks at the token's rights, and makes the webhook or mends it.

Gitea neither tells a webhook's secret nor changes it, so a name that follows from the secret says which one it has.
"""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.cli.call import Call
from bot.cli.finding import Finding, good, odd
from bot.cli.usage import GOOD, Commands, Usage
from bot.core.errors import Refused

if TYPE_CHECKING:
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
    wanted = _wanted(f"{its.server.url}/webhooks/gitea", settings)
    _say(call, _settled(Calls(settings), f"/repos/{repository.name}/hooks", wanted, call.options["dry_run"]))
    return GOOD


def _say(call: Call, finding: Finding) -> None:
    call.say(f"{finding.mark} {finding.what}: {finding.words}")


@dataclass(frozen=True)
class _Hook:
    """A webhook of a repository; `id` is 0 where it is not made yet. `authorization` is for a proxy on the way."""

    url: str
    name: str
    form: str = "json"
    kind: str = "gitea"
    active: bool = True
    events: frozenset[str] = frozenset(EVENTS.values())
    branches: str = ""
    authorization: str = ""
    id: int = 0

    def lacks(self, wanted: "_Hook") -> Sequence[str]:
        """What keeps it from being the wanted one, in words; it may bring more events."""
        differs = {
            "its secret": self.name != wanted.name,
            "its type": self.kind != wanted.kind,
            "its content type": self.form != wanted.form,
            "that it is active": not self.active,
            "its branch filter": self.branches not in EVERY_BRANCH,
        }
        absent = sorted(wanted.events - self.events)
        return [*(words for words, wrong in differs.items() if wrong), *(f"the event {one}" for one in absent)]


def _wanted(url: str, settings: "GiteaSettings") -> _Hook:
    """The name is no way back to the secret: every delivery carries as much of it."""
    secret = settings.webhook_secret.get_secret_value()
    return _Hook(url, f"gitops-bot {hmac.new(secret.encode(), b'webhook', hashlib.sha256).hexdigest()[:12]}")


def _settled(call: "Calls", path: str, wanted: _Hook, dry_run: bool) -> Finding:
    """See to it that one webhook calls us, as wanted. What else calls elsewhere is left alone."""
    ours = sorted((hook for hook in _hooks(call, path) if hook.url == wanted.url), key=lambda hook: hook.lacks(wanted))
    if not ours:
        words = f"one that calls {wanted.url}"
        return _done(f"made {words}", f"would make {words}", lambda: None)
    return odd("webhook", "")
