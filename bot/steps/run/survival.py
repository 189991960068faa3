"""A plan that takes the bot down with it is not begun for ever, once after each start."""

from collections.abc import Iterator
from contextlib import contextmanager

from bot.bot import Bot, Folders
from bot.core.errors import ToolFailed
from bot.core.run import RunProject
from bot.steps.run.work import remove_directory

MOST_DEATHS = 2


@contextmanager
def survived(bot: Bot, row: RunProject) -> Iterator[None]:
    """Note that the row's plan begins, until it ends. Raises ToolFailed where the bot died of it twice."""
    note = bot.folders.planning(row.run, row.project.place)
    deaths = len(note.read_text()) if note.exists() else 0
    if deaths >= MOST_DEATHS:
        note.unlink()
        raise ToolFailed(
            f"the bot ended {deaths} times while it planned this, so it is not tried again by itself: look at its log, "
            "then comment `/plan`"
        )
    note.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with note.open("a") as file:
        file.write("x")
    try:
        yield
    finally:
        note.unlink(missing_ok=True)


def forget_plans(folders: Folders) -> None:
    """The bot ends because it was told to: no plan is to blame."""
    remove_directory(folders.top / "planning")
