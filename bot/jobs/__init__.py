"""The jobs: one file a kind, each with a `run(bot, job)` that tells its story from top to bottom."""

import errno
import importlib
import logging
import re
from dataclasses import replace

from bot.bot import Bot
from bot.core.errors import Refused, ToolFailed, Transient
from bot.core.job import Job
from bot.steps.run import settle

NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT})
FULL = "the disk of gitops-bot is full: once its operator has made room, ask again"
MORE = "its log has more under job"

RENAMED = {"moved": "branch_pushed", "ended": "run_finished", "queue": "merge_group", "say": "update_comment"}
"""Kinds as earlier versions promised them; the engine still holds such promises after an upgrade."""

logger = logging.getLogger(__name__)


def run(bot: Bot, job: Job) -> None:
    """Carry out a job. Raises Transient when it should be tried again; a bug goes on after its rows are told."""
    if not re.fullmatch(r"[a-z_]+", job.kind):
        raise ValueError(f"no kind of job: {job.kind}")
    job = replace(job, kind=RENAMED.get(job.kind, job.kind))
    logger.info("%s begins", job.id, extra={"job": job.id, **job.args})
    try:
        importlib.import_module(f"bot.jobs.{job.kind}").run(bot, job)
    except (Refused, ToolFailed) as why:
        logger.info("%s refused: %s", job.id, why)
        settle.broke(bot, job, str(why))
    except Transient:
        raise
    except BaseException as bug:  # told on the pull request, then left alone
        full = isinstance(bug, OSError) and bug.errno in NO_SPACE
        settle.broke(bot, job, FULL if full else f"gitops-bot itself broke ({type(bug).__name__}); {MORE} {job.id}")
        raise
    logger.info("%s ends", job.id, extra={"job": job.id})
