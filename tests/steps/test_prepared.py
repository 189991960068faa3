"""What is kept for a pull request is its own: nobody else's, under no other key, and readable by nobody else."""

import shutil
from dataclasses import replace

import pytest

from bot.bot import Bot
from bot.core.project import Project, Rules
from bot.core.run import RunProject, State
from bot.ports import PullCache
from bot.steps.run.prepared import open_prepared
from tests.server.house import PULL

ROW = RunProject("run", Project("net", "net"), Rules(), State.RUNNING)
OTHER = replace(PULL, number=PULL.number + 1)


def of(bot: Bot, row: RunProject = ROW, *, stopped: bool = False) -> PullCache:
    return open_prepared(bot, PULL, row, lambda: stopped)


def test_what_is_saved_is_found_under_its_key_alone(bot: Bot) -> None:
    of(bot).save("a", b"a password")
    assert of(bot).load("a") == b"a password"
    assert of(bot).load("b") is None
    of(bot).save("b", b"newer")
    assert of(bot).load("a") is None


def test_it_is_no_clear_text_on_disk(bot: Bot) -> None:
    of(bot).save("a", b"a password")
    [blob] = [path for path in bot.folders.prepared(PULL.key).rglob("*") if path.is_file()]
    assert b"password" not in blob.read_bytes()


def test_another_pull_or_project_cannot_open_it_wherever_it_lies(bot: Bot) -> None:
    of(bot).save("a", b"mine")
    other = replace(ROW, project=Project("db", "db"))
    mine = bot.folders.prepared_for(PULL.key, ROW.project.place)
    for key, place in ((OTHER.key, ROW.project.place), (PULL.key, other.project.place)):
        path = bot.folders.prepared_for(key, place)
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(mine, path)
    assert open_prepared(bot, OTHER, ROW, lambda: False).load("a") is None
    assert of(bot, other).load("a") is None
    assert of(bot).folder != open_prepared(bot, OTHER, ROW, lambda: False).folder


def test_what_was_changed_on_disk_is_not_opened_and_named_in_the_log(
    bot: Bot, caplog: pytest.LogCaptureFixture
) -> None:
    of(bot).save("a", b"mine")
    path = bot.folders.prepared_for(PULL.key, ROW.project.place)
    path.write_bytes(path.read_bytes()[:-1])
    assert of(bot).load("a") is None
    (told,) = caplog.records
    assert told.levelname == "WARNING"
    assert all(words in told.getMessage() for words in (ROW.project.place, PULL.key, str(path), "was changed"))


def test_nobody_is_warned_of_what_is_not_there_or_belongs_to_other_files(
    bot: Bot, caplog: pytest.LogCaptureFixture
) -> None:
    assert of(bot).load("a") is None
    of(bot).save("a", b"mine")
    assert of(bot).load("b") is None
    assert of(bot).load("a") == b"mine"
    assert not caplog.records


def test_a_run_that_was_stopped_leaves_nothing(bot: Bot) -> None:
    of(bot, stopped=True).save("a", b"mine")
    assert of(bot).load("a") is None
