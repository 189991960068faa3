"""`gitops-bot serve`, but for what a file names: that begins and never goes on, until the bot is killed.

Started by `generate`, on the version whose store is to be kept: what it promises and writes is that version's own.
Lines of the file HELD are two words, what and of what:

    plan 5             jobs of a kind that have this among their arguments (`*`: all of them)
    intake *           deliveries are recorded, and no jobs made of them
    planning net       a tool about to plan that directory: its row is claimed
    beginning net      a supervisor about to apply that directory: its intent is written
    speaking plan:…#5  somebody about to speak on a topic: it has the floor
"""

import os
import threading
from pathlib import Path
from typing import Any

from bot.steps.bot import Bot

from bot import jobs, supervise
from bot.cli import main
from bot.core.job import Job
from bot.intake import Intake
from bot.jobs import say
from bot.ports import Invocation, Site
from bot.tools.terraform.terraform import Terraform

HELD = Path(os.environ["HELD"])


def _hold(what: str, *words: str) -> None:
    if _is_held(what, *words):
        threading.Event().wait()


def _is_held(what: str, *words: str) -> bool:
    return any(f"{what} {word}" in HELD.read_text().splitlines() for word in (*words, "*"))


def _patch() -> None:
    carry_out, take, plan, begin, speak = jobs.run, Intake._take, Terraform.plan, supervise.begin, say.Speech._say

    def held_job(bot: Bot, job: Job) -> None:
        _hold(job.kind, *job.args.values())
        carry_out(bot, job)

    def held_take(intake: Intake) -> bool:
        return not _is_held("intake") and take(intake)

    def held_plan(tool: Terraform, site: Site, *more: Any, **others: Any) -> Any:
        _hold("planning", site.project.dir)
        return plan(tool, site, *more, **others)

    def held_begin(directory: Path, invocation: Invocation) -> None:
        _hold("beginning", invocation.cwd.name)
        begin(directory, invocation)

    def held_speech(speech: say.Speech, *words: Any) -> Any:
        _hold("speaking", speech.topic)
        return speak(speech, *words)

    jobs.run, Intake._take, Terraform.plan = held_job, held_take, held_plan
    supervise.begin, say.Speech._say = held_begin, held_speech


if __name__ == "__main__":
    _patch()
    main()
