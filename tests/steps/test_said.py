"""A topic has one speaker at a time, and nobody speaks for ever."""

from dataclasses import replace
from datetime import datetime, timedelta

from bot.bot import Bot
from bot.core.job import Job
from bot.core.keys import CommentSlot
from bot.jobs import update_comment
from bot.store import Store, comment_slots
from tests.server.house import NOW, PULL

TOPIC = CommentSlot.apply("none")


class SlowSpeaker:
    """The clock of one who is slow: while it speaks, three minutes pass and another takes the floor."""

    def __init__(self, store: Store) -> None:
        self.looks, self._store = 0, store

    def __call__(self) -> datetime:
        self.looks += 1
        if self.looks == 2:
            with self._store.begin() as tx:
                comment_slots.request_version(tx, TOPIC, PULL.key)
                assert comment_slots.acquire_lease(tx, TOPIC, "other", NOW + timedelta(minutes=3))
        return NOW if self.looks == 1 else NOW + timedelta(minutes=3)


def test_a_speaker_that_lost_its_floor_goes_silent(bot: Bot) -> None:
    with bot.store.begin() as tx:
        comment_slots.request_version(tx, TOPIC, PULL.key)
    clock = SlowSpeaker(bot.store)
    update_comment.run(replace(bot, clock=clock), Job("slow", "update_comment", {"topic": TOPIC}))
    assert clock.looks == 2
    with bot.store.begin() as tx:
        assert comment_slots.acquire_lease(tx, TOPIC, "other", NOW + timedelta(minutes=4))


def test_a_floor_is_kept_as_long_as_somebody_speaks(bot: Bot) -> None:
    with bot.store.begin() as tx:
        comment_slots.request_version(tx, TOPIC, PULL.key)
    for minute in range(5):
        now = NOW + timedelta(minutes=minute)
        assert update_comment.CommentWriter(replace(bot, clock=lambda now=now: now), TOPIC, "first").acquire()
        with bot.store.begin() as tx:
            assert not comment_slots.acquire_lease(tx, TOPIC, "second", now + timedelta(seconds=59))
