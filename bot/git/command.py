"""One way to run git: hooks, filters, system and user configuration off; failures become our three errors."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bot import process
from bot.core.errors import Refused, ToolFailed, Transient, Unwelcome

TIMEOUT_SECONDS = 600.0
OUTPUT_LIMIT = 256 * 1024 * 1024  # beyond it git has not answered: a part of a diff or a tree is none
NETWORK_ERROR = re.compile(
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
REMOTE_COMMANDS = frozenset({"fetch", "push", "ls-remote"})
SHA = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
NO_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"  # the empty one, which every git knows
HARDENED_CONFIG = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "checkout.workers=4",  # where there are many files
    "core.attributesFile=/dev/null",
    f"attr.tree={NO_TREE}",  # newer gits take those of HEAD in a bare repository: merges would follow them
    "submodule.recurse=false",
    "protocol.ext.allow=never",
    "gc.auto=0",
    "maintenance.auto=false",
    "advice.detachedHead=false",
    "safe.directory=*",
)
BARE_ENVIRONMENT = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ALLOW_PROTOCOL": "https:http:ssh",
    "GIT_PROTOCOL_FROM_USER": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_ATTR_NOSYSTEM": "1",
    "LC_ALL": "C.UTF-8",
}
BOT_IDENTITY = {
    f"GIT_{role}_{attribute}": value
    for role in ("AUTHOR", "COMMITTER")
    for attribute, value in (("NAME", "gitops-bot"), ("EMAIL", "gitops-bot@noreply.invalid"))
}


class Damaged(Transient):
    """What git keeps here cannot be read any more. It is a copy, and is made anew by the next try."""


@dataclass(frozen=True, slots=True)
class Git:
    """git in one directory. `env` holds credentials and PATH; it never reaches an argument or a file.

    `damage_marker` is a file that stands where git found damage, for whoever can mend it.
    """

    directory: Path
    env: Mapping[str, str] = field(default_factory=dict)
    damage_marker: Path | None = None

    def __call__(
        self, *args: str, stdin: bytes = b"", ok: tuple[int, ...] = (0,), env: Mapping[str, str] | None = None
    ) -> process.Completed:
        """Run a git command. Raises Transient (network, damage), Refused (no access), ToolFailed (the rest)."""
        if not self.directory.is_dir():
            raise self.mark_damaged(f"git {args[0]}: there is no {self.directory.name}")
        completed = process.run(
            _command_line(args),
            cwd=self.directory,
            env=self._environment() | dict(env or {}),
            timeout=TIMEOUT_SECONDS,
            stdin=stdin,
            limit=OUTPUT_LIMIT,
        )
        if completed.exit in ok:
            return completed
        error = _classify(args[0], completed)
        raise (
            self.mark_damaged(str(error))
            if self.damage_marker and isinstance(error, ToolFailed) and _is_damage(completed)
            else error
        )

    def mark_damaged(self, message: str) -> Damaged:
        """Mark the damage and return what to raise."""
        if self.damage_marker:
            self.damage_marker.touch()
        return Damaged(message)

    def dialogue(self, *args: str) -> process.Dialogue:
        """Start a git command that answers questions, like `cat-file --batch`."""
        return process.Dialogue(_command_line(args), cwd=self.directory, env=self._environment())

    def _environment(self) -> dict[str, str]:
        return {"PATH": "/usr/local/bin:/usr/bin:/bin"} | BARE_ENVIRONMENT | dict(self.env)


def _command_line(args: Sequence[str]) -> list[str]:
    return ["git", *(word for setting in HARDENED_CONFIG for word in ("-c", setting)), *args]


def sha(text: str) -> str:
    """Return the text, if it is an object id. Raises ValueError otherwise: no name ever stands where an id must."""
    if not SHA.fullmatch(text):
        raise ValueError(f"not an object id: {text[:80]!r}")
    return text


def _is_damage(completed: process.Completed) -> bool:
    return bool(DAMAGE.search(completed.stderr))


def _classify(command: str, completed: process.Completed) -> Exception:
    lines = completed.stderr.strip().splitlines()
    message = next(
        (line for line in reversed(lines) if line.startswith(("fatal:", "error:"))), lines[-1] if lines else ""
    )
    if completed.exit is None or NETWORK_ERROR.search(completed.stderr) and not FORBIDDEN.search(completed.stderr):
        return Transient(f"git {command}: {message or 'timed out'}")
    if UNKNOWN_TOKEN.search(completed.stderr) and command in REMOTE_COMMANDS:
        return Unwelcome(f"git {command}: our token is not taken ({message})")
    if FORBIDDEN.search(completed.stderr) and command in REMOTE_COMMANDS:
        return Refused(f"git {command}: no access to the repository ({message})")
    return ToolFailed(f"git {command} failed: {message}", completed.stderr)
