"""One way to run git: hooks, filters, system and user configuration off; failures become our three errors."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bot import process
from bot.core.errors import Refused, ToolFailed, Transient, Unwelcome

TIMEOUT_SECONDS = 600.0
NETWORK = re.compile(
    r"could not resolve|unable to access|connection|timed? ?out|early eof|hung up|unexpected disconnect|"
    r"returned error: (5\d\d|429)|internal server error|remote end",
    re.IGNORECASE,
)
UNKNOWN_TOKEN = re.compile(r"authentication failed|returned error: 401|could not read username", re.IGNORECASE)
FORBIDDEN = re.compile(r"returned error: 40[34]|not found", re.IGNORECASE)
DAMAGE = re.compile(
    r"not a git repository|object file .* is empty|corrupt|bad object|unable to (read|unpack|parse)|inflate|"
    r"missing (blob|tree|commit|object)|could not (parse|read) |reference broken|bad (config|signature|tree)|"
    r"invalid (sha1|object|gitfile)|failed to read object|did not send all necessary|does not point to a valid|"
    r"not a valid object|unable to resolve reference|broken ref",
    re.IGNORECASE,
)
REMOTE = frozenset({"fetch", "push", "ls-remote"})
SHA = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
HARDENED = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "checkout.workers=4",  # where there are many files
    "core.attributesFile=/dev/null",
    "submodule.recurse=false",
    "protocol.ext.allow=never",
    "gc.auto=0",
    "maintenance.auto=false",
    "advice.detachedHead=false",
    "safe.directory=*",
)
BARE = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ALLOW_PROTOCOL": "https:http:ssh",
    "GIT_PROTOCOL_FROM_USER": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_ATTR_NOSYSTEM": "1",
    "LC_ALL": "C.UTF-8",
}
OURSELVES = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "gitops-bot"), ("EMAIL", "gitops-bot@noreply.invalid"))
}


class Damaged(Transient):
    """What git keeps here cannot be read any more. It is a copy, and is made anew by the next try."""


@dataclass(frozen=True, slots=True)
class Git:
    """git in one directory. `env` holds credentials and PATH; it never reaches an argument or a file.

    `mark` is a file that stands where git found damage, for whoever can mend it.
    """

    directory: Path
    env: Mapping[str, str] = field(default_factory=dict)
    mark: Path | None = None

    def __call__(
        self, *words: str, stdin: bytes = b"", ok: tuple[int, ...] = (0,), env: Mapping[str, str] | None = None
    ) -> process.Completed:
        """Run a git command. Raises Transient (network, damage), Refused (no access), ToolFailed (the rest)."""
        if not self.directory.is_dir():
            raise self.damaged(f"git {words[0]}: there is no {self.directory.name}")
        done = process.run(
            _command(words),
            cwd=self.directory,
            env=self._environment() | dict(env or {}),
            timeout=TIMEOUT_SECONDS,
            stdin=stdin,
        )
        if done.exit in ok:
            return done
        error = _error(words[0], done)
        raise self.damaged(str(error)) if self.mark and isinstance(error, ToolFailed) and _damage(done) else error

    def damaged(self, what: str) -> Damaged:
        """Mark the damage; what to raise."""
        if self.mark:
            self.mark.touch()
        return Damaged(what)

    def dialogue(self, *words: str) -> process.Dialogue:
        """Start a git command that answers questions, like `cat-file --batch`."""
        return process.Dialogue(_command(words), cwd=self.directory, env=self._environment())

    def _environment(self) -> dict[str, str]:
        return {"PATH": "/usr/local/bin:/usr/bin:/bin"} | BARE | dict(self.env)


def _command(words: Sequence[str]) -> list[str]:
    return ["git", *(word for setting in HARDENED for word in ("-c", setting)), *words]


def sha(text: str) -> str:
    """The text, if it is an object id. Raises ValueError otherwise: no name ever stands where an id must."""
    if not SHA.fullmatch(text):
        raise ValueError(f"not an object id: {text[:80]!r}")
    return text


def _damage(done: process.Completed) -> bool:
    return bool(DAMAGE.search(done.err))


def _error(command: str, done: process.Completed) -> Exception:
    said = done.err.strip().splitlines()
    last = next((line for line in reversed(said) if line.startswith(("fatal:", "error:"))), said[-1] if said else "")
    if done.exit is None or NETWORK.search(done.err) and not FORBIDDEN.search(done.err):
        return Transient(f"git {command}: {last or 'timed out'}")
    if UNKNOWN_TOKEN.search(done.err) and command in REMOTE:
        return Unwelcome(f"git {command}: our token is not taken ({last})")
    if FORBIDDEN.search(done.err) and command in REMOTE:
        return Refused(f"git {command}: no access to the repository ({last})")
    return ToolFailed(f"git {command} failed: {last}", done.err)
