"""A bot that promises and does nothing by itself, for tests of single steps."""

from dataclasses import replace
from pathlib import Path

import pytest

from bot.bot import Bot
from bot.config.settings import Settings
from bot.core.job import Job
from bot.store import pulls
from bot.wiring import build_bot
from tests.server.house import PULL

SETTINGS = {
    "GITOPS_BOT_GITHUB__TOKEN": "token",
    "GITOPS_BOT_GITHUB__WEBHOOK_SECRET": "a secret of some length",
    "GITOPS_BOT_REPOS": "acme/infra",
}


class Promises(list[Job]):
    """Keeps what is promised, and does none of it."""

    def start(self, job: Job) -> None:
        self.append(job)


@pytest.fixture
def bot(tmp_path: Path) -> Bot:
    settings = Settings.load({**SETTINGS, "GITOPS_BOT_DATA_DIR": str(tmp_path)}, tmp_path)
    made = replace(build_bot(settings, {}), engine=Promises())  # all of it that claims use
    with made.store.begin() as tx:
        pulls.save(tx, PULL)
    return made
