"""How people push what nobody should push: raw bytes, links, names that git takes and others stumble over."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.acting import bots_comments
from tests.staging import Stage

SERIAL = itertools.count(1)


@dataclass
class House:
    """A stage whose bot many pull requests share, each on a branch of its own."""

    stage: Stage
    clone: Path

    def propose(self, write: Callable[[Path], None], branch: str = "") -> int:
        """Let something write into the clone, push that and open a pull request as alice; its number."""
        return proposed(self.stage, self.clone, write, branch or f"bad-{next(SERIAL)}")

    def process(self) -> int:
        """Which process the bot is; it must be alive."""
        bot = self.stage._bot
        assert bot is not None
        assert bot.poll() is None, self.stage.bot_log_tail()
        return bot.pid

    def one_comment(self, number: int) -> str:
        """What the bot said on the pull, which is one comment."""
        (body,) = bots_comments(self.stage, number)
        return body


def proposed(stage: Stage, clone: Path, write: Callable[[Path], None], branch: str) -> int:
    """Push what is written on a branch from main and open a pull request as alice; its number."""
    alice = stage.alice
    alice.git(clone, "checkout", "--quiet", "--force", "main")
    alice.git(clone, "clean", "--quiet", "-ffdx")
    alice.git(clone, "checkout", "--quiet", "--detach")
    write(clone)
    alice.git(clone, "add", "--all")
    alice.git(clone, "commit", "--quiet", "-m", "Change")
    alice.git(clone, "push", "--quiet", "origin", f"HEAD:refs/heads/{branch}")
    return alice.open_pull(stage.repo, branch, "main", "Change")


def files(content: dict[str, str | bytes]) -> Callable[[Path], None]:
    """Writes these files."""

    def write(top: Path) -> None:
        for name, text in content.items():
            path = top / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text if isinstance(text, bytes) else text.encode())

    return write


def linked(links: dict[str, str], content: dict[str, str | bytes]) -> Callable[[Path], None]:
    """Writes these files and symbolic links to these targets."""

    def write(top: Path) -> None:
        files(content)(top)
        for name, target in links.items():
            (top / name).parent.mkdir(parents=True, exist_ok=True)
            (top / name).symlink_to(target)

    return write
