"""What tools made ready for a pull request's projects: sealed, and gone with the pull request."""

import os
from collections.abc import Callable

from bot.bot import Bot
from bot.core.errors import Refused
from bot.core.pull import Pull
from bot.core.run import RunProject
from bot.ports import PullCache

SECRET_DOMAIN = "prepared"


def open_prepared(bot: Bot, pull: Pull, row: RunProject, stopped: Callable[[], bool]) -> PullCache:
    """One blob a place of the pull, the newest; a folder for what is large. A run that was `stopped` leaves nothing."""
    path, place = bot.folders.prepared_for(pull.key, row.project.place), row.project.place

    def binding(key: str) -> dict[str, str]:
        return {"prepared": pull.key, "place": place, "key": key}

    def load(key: str) -> bytes | None:
        try:
            return bot.vault.unseal(path.read_bytes(), binding(key))
        except (FileNotFoundError, Refused):
            return None

    def save(key: str, content: bytes) -> None:
        if stopped():
            return
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        partial = path.with_suffix(".new")
        partial.write_bytes(bot.vault.seal(content, binding(key)))
        os.replace(partial, path)

    secret = bytes.fromhex(bot.vault.digest(SECRET_DOMAIN, pull.key.encode()))
    return PullCache(path.parent / "packages", load, save, secret)
