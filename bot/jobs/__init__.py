"""The jobs: one file a kind, each with a `run(bot, job)` that tells its story from top to bottom.

What people may ask for in a comment says so itself, as `COMMAND`.
"""

import errno
import importlib
import logging
import pkgutil
import re
from dataclasses import replace

from bot.bot import Bot
from bot.core.errors import Refused, ToolFailed, Transient, Unwelcome
from bot.core.job import Job
from bot.core.vocabulary import CommandSpec, Vocabulary
from bot.steps.run import settle

NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT})
DISK_FULL = "the disk of gitops-bot is full: once its operator has made room, ask again"
LOG_HINT = "its log has more under job"

RENAMED_KINDS = {"moved": "branch_pushed", "ended": "run_finished", "queue": "merge_group", "say": "update_comment"}
"""Kinds as earlier versions promised them; the engine still holds such promises after an upgrade."""

logger = logging.getLogger(__name__)


def run(bot: Bot, job: Job) -> None:
    """Carry out a job. Raises Transient when it should be tried again; a bug goes on after its rows are told."""
    if not re.fullmatch(r"[a-z_]+", job.kind):
        raise ValueError(f"no kind of job: {job.kind}")
    job = replace(job, kind=RENAMED_KINDS.get(job.kind, job.kind))
    logger.info("%s begins", job.id, extra={"job": job.id, "kind": job.kind, **_log_fields(job)})
    try:
        importlib.import_module(f"bot.jobs.{job.kind}").run(bot, job)
    except (Refused, ToolFailed) as error:
        logger.info("%s refused: %s", job.id, error)
        settle.fail_job(bot, job, str(error))
    except Unwelcome as error:
        if job.has_repository:
            bot.forge_health.record_error(job.repository.partition(":")[0], error)
        raise
    except Transient:
        raise
    except BaseException as bug:  # told on the pull request, then left alone
        disk_full = isinstance(bug, OSError) and bug.errno in NO_SPACE
        reason = DISK_FULL if disk_full else f"gitops-bot itself broke ({type(bug).__name__}); {LOG_HINT} {job.id}"
        settle.fail_job(bot, job, reason)
        raise
    logger.info("%s ends", job.id, extra={"job": job.id})


def _log_fields(job: Job) -> dict[str, str]:
    """What the job is about: arguments, but for those that a log line has itself."""
    return {f"job_{name}": text for name, text in job.args.items()}


def vocabulary() -> Vocabulary:
    """The commands of comments: every file of this folder that declares one, by its name."""
    kinds = [module.name for module in pkgutil.iter_modules(__path__)]
    modules = {kind: importlib.import_module(f"{__name__}.{kind}") for kind in kinds}
    specs: dict[str, CommandSpec] = {
        kind: module.COMMAND for kind, module in modules.items() if hasattr(module, "COMMAND")
    }
    return dict(sorted(specs.items(), key=lambda command: (command[1].rank, command[0])))
