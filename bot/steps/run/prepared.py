"""What tools made ready for a pull request's projects: sealed, and gone with the pull request."""

import logging
from collections.abc import Callable

from bot.atomic_file import replace_file
from bot.bot import Bot
from bot.core.errors import Refused
from bot.core.pull import Pull
from bot.core.run import RunProject
from bot.ports import PullCache

SECRET_DOMAIN = "prepared"

logger = logging.getLogger(__name__)


def open_prepared(bot: Bot, pull: Pull, row: RunProject, stopped: Callable[[], bool]) -> PullCache:
    """One blob a place of the pull, the newest; a folder for what is large. A run that was `stopped` leaves nothing."""
    path, place = bot.folders.prepared_for(pull.key, row.project.place), row.project.place
    binding = {"prepared": pull.key, "place": place}

    def load(key: str) -> bytes | None:
        try:
            saved_key, _, content = bot.vault.unseal(path.read_bytes(), binding).partition(b"\0")
        except FileNotFoundError:
            return None
        except Refused as refusal:
            logger.warning("what was made ready for %s of %s, %s, is left aside: %s", place, pull.key, path, refusal)
            return None
        return content if saved_key == key.encode() else None

    def save(key: str, content: bytes) -> None:
        if stopped():
            return
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        replace_file(path, bot.vault.seal(key.encode() + b"\0" + content, binding))

    secret = bytes.fromhex(bot.vault.digest(SECRET_DOMAIN, pull.key.encode()))
    return PullCache(path.parent / "packages", load, save, secret)
