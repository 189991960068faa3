"""The forge's token is nowhere that a tool of another pull request could read it (R1 of what was found)."""

import base64
import threading
from contextlib import suppress

from tests.e2e.acting import ONE, begin, propose
from tests.git.children import descendants, readable
from tests.staging import Stage


def test_while_the_forge_keeps_git_waiting_no_process_of_the_bot_shows_its_token(stage: Stage) -> None:
    clone = begin(stage)
    stage.forge.faults(git_latency_ms=1500)
    seen, done = set[bytes](), threading.Event()

    def look() -> None:
        while not done.wait(0.01):
            seen.update(readable(pid) for pid in descendants(stage.bot_pid))

    watch = threading.Thread(target=look)
    watch.start()
    try:
        number = propose(stage, clone, {"net/main.tf": ONE})
        stage.wait_for_comment(number, "1 to create")
    finally:
        done.set()
        watch.join()
    seen.discard(readable(stage.bot_pid))  # a child that is no program of its own yet is as hidden as the bot
    assert any(b"git-remote-http" in text for text in seen)
    pair = f"x-access-token:{stage.bot.token}".encode()
    secrets = {stage.bot.token.encode(), base64.b64encode(pair)}
    assert not [secret for secret in secrets for text in seen if secret in text]
    for path in stage.data.rglob("*"):
        with suppress(FileNotFoundError):
            assert not path.is_file() or not [secret for secret in secrets if secret in path.read_bytes()], path
