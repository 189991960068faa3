"""`gitops-bot setup gitea OWNER/NAME`: looks at the token's rights, and makes the webhook or mends it."""

from bot.cli.call import Call
from bot.cli.check.finding import Finding, passed, warning
from bot.cli.usage import GOOD, Subcommands, Usage
from bot.core.errors import Refused

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


def declare(forges: Subcommands) -> None:
    """Add the forge to `setup`."""
    options = forges.add("gitea", USAGE)
    options.add_argument("repository", metavar="OWNER/NAME", help="the repository")
    options.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")


def run(call: Call) -> int:
    """Check the token's rights and settle the webhook. Raises Refused where either cannot be."""
    from bot.hosts.gitea import host
    from bot.hosts.gitea.settings import GiteaSettings
    from bot.hosts.gitea.webhook_setup import WebhookSetup

    section, settings = call.settings.section("gitea"), call.settings
    gitea, gitea_settings = host(section, settings.repos), GiteaSettings.of(section)
    if not settings.server.url:
        raise Refused("SERVER__URL is not set: set it to the address that Gitea reaches the bot by")
    repository = gitea.repository(call.options["repository"])
    if missing := gitea.missing_rights(repository):
        who = f"{repository.name}: {gitea.whoami()} or its token lacks"
        raise Refused(f"{who} {', '.join(missing)}: see docs/gitea.md; nothing was done")
    call.say(str(passed(repository.name, f"{gitea.whoami()} and its token have the rights they need")))
    url, dry_run = f"{settings.server.url}/webhooks/gitea", bool(call.options["dry_run"])
    change = WebhookSetup(gitea_settings, repository, url).settle(dry_run)
    call.say(str(_webhook_finding(change.verb, change.reasons, url, dry_run)))
    return GOOD


def _webhook_finding(verb: str, reasons: tuple[str, ...], url: str, dry_run: bool) -> Finding:
    if not verb:
        return passed("webhook", f"calls {url}, as it should")
    suffix = f" ({'; '.join(reasons)})" if reasons else ""
    if dry_run:
        return warning("webhook", f"would be {verb}{suffix}: it would call {url}")
    return passed("webhook", f"{verb}{suffix}: it calls {url}")
