"""One way to run git: hooks, filters, all configuration but ours off; failures become our three errors."""

import re
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from bot import process
from bot.core.errors import Refused, ToolFailed, Transient, Unwelcome
from bot.git import layout
from bot.git.access import NO_ACCESS, Access, access_to
from bot.launch import Unconfined
from bot.ports import Remote

TIMEOUT_SECONDS = 600.0
OUTPUT_LIMIT = 256 * 1024 * 1024  # beyond it git has not answered: a part of a diff or a tree is none
NETWORK_ERROR = re.compile(
    r"could not resolve|unable to access|connection|timed? ?out|early eof|hung up|unexpected disconnect|"
    r"returned error: (5\d\d|429)|internal server error|remote end",
    re.IGNORECASE,
)
UNKNOWN_TOKEN = re.compile(r"authentication failed|returned error: 401|could not read username", re.IGNORECASE)
REDIRECT = re.compile(r"returned error: 30[12378]")
FORBIDDEN = re.compile(r"returned error: 40[34]|not found", re.IGNORECASE)
DAMAGE = re.compile(
    r"not a git repository|object file .* is empty|corrupt|bad object|unable to (read|unpack|parse)|inflate|"
    r"missing (blob|tree|commit|object)|could not (parse|read) |reference broken|bad (config|signature|tree)|"
    r"invalid (sha1|object|gitfile)|failed to read object|did not send all necessary|does not point to a valid|"
    r"not a valid object|unable to resolve reference|broken ref",
    re.IGNORECASE,
)
REMOTE_COMMANDS = frozenset({"fetch", "push", "ls-remote"})
REDIRECTED_MESSAGE = (
    "the forge sends git elsewhere, where our token must not go: a renamed repository is reached at the next try; "
    "otherwise set the address at which the forge itself answers"
)
SHA = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
NO_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"  # the empty one, which every git knows
HARDENED_CONFIG = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "checkout.workers=4",  # where there are many files
    "core.attributesFile=/dev/null",
    f"attr.tree={NO_TREE}",  # newer gits take those of HEAD in a bare repository: merges would follow them
    "submodule.recurse=false",
    "http.followRedirects=false",  # the token would go along
    "gc.auto=0",
    "maintenance.auto=false",
    "advice.detachedHead=false",
    "safe.directory=*",
)
PATH = "/usr/local/bin:/usr/bin:/bin"
BARE_ENVIRONMENT = {
    "HOME": "/dev/null",  # curl looks for a .netrc there
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_TERMINAL_PROMPT": "0",
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
    """git in one directory: in the mirror of what `remote` reaches, or, without one, in a repository of a person's.

    A mirror's `damage_marker` is a file beside it that stands where git found damage, for whoever can mend it. `path`
    says where programs are.
    """

    directory: Path
    remote: Remote | None = None
    path: str = PATH

    @property
    def damage_marker(self) -> Path:
        """The file that stands where the mirror is damaged."""
        return self.directory.with_suffix(".damaged")

    def __call__(
        self, *args: str, stdin: bytes = b"", ok: tuple[int, ...] = (0,), env: Mapping[str, str] | None = None
    ) -> process.Completed:
        """Run a git command. Raises Transient (network, damage), Refused (no access), ToolFailed (the rest)."""
        self._require_layout(args[0])
        with self._access(args[0]) as access:
            completed = process.run(
                _command_line(args),
                confinement=Unconfined(fds=access.fds),
                cwd=self.directory,
                env=self._environment() | dict(env or {}) | dict(access.env),
                timeout=TIMEOUT_SECONDS,
                stdin=stdin,
                limit=OUTPUT_LIMIT,
            )
        if completed.exit in ok:
            return completed
        error = _classify(args[0], completed)
        is_damaged = self.remote and isinstance(error, ToolFailed) and DAMAGE.search(completed.stderr)
        raise self.mark_damaged(str(error)) if is_damaged else error

    def mark_damaged(self, message: str) -> Damaged:
        """Mark the damage and return what to raise."""
        self.damage_marker.touch()
        return Damaged(message)

    def dialogue(self, *args: str) -> process.Dialogue:
        """Start a git command that answers questions, like `cat-file --batch`."""
        self._require_layout(args[0])
        return process.Dialogue(_command_line(args), cwd=self.directory, env=self._environment() | dict(NO_ACCESS.env))

    def _require_layout(self, command: str) -> None:
        """No git runs in a mirror that tells it what we did not."""
        if self.remote and not layout.is_ours(self.directory):
            raise self.mark_damaged(f"git {command}: {self.directory.name} is not there as we made it")

    def _access(self, command: str) -> AbstractContextManager[Access]:
        return access_to(self.remote) if self.remote and command in REMOTE_COMMANDS else nullcontext(NO_ACCESS)

    def _environment(self) -> dict[str, str]:
        place = {"GIT_DIR": str(self.directory)} if self.remote else {}
        return {"PATH": self.path} | BARE_ENVIRONMENT | place


def _command_line(args: Sequence[str]) -> list[str]:
    return ["git", *(word for setting in HARDENED_CONFIG for word in ("-c", setting)), *args]


def sha(text: str) -> str:
    """Return the text, if it is an object id. Raises ValueError otherwise: no name ever stands where an id must."""
    if not SHA.fullmatch(text):
        raise ValueError(f"not an object id: {text[:80]!r}")
    return text


def _classify(command: str, completed: process.Completed) -> Exception:
    lines = completed.stderr.strip().splitlines()
    message = next(
        (line for line in reversed(lines) if line.startswith(("fatal:", "error:"))), lines[-1] if lines else ""
    )
    if REDIRECT.search(completed.stderr) and command in REMOTE_COMMANDS:
        return Transient(f"git {command}: {REDIRECTED_MESSAGE} ({message})")
    if completed.exit is None or NETWORK_ERROR.search(completed.stderr) and not FORBIDDEN.search(completed.stderr):
        return Transient(f"git {command}: {message or 'timed out'}")
    if UNKNOWN_TOKEN.search(completed.stderr) and command in REMOTE_COMMANDS:
        return Unwelcome(f"git {command}: our token is not taken ({message})")
    if FORBIDDEN.search(completed.stderr) and command in REMOTE_COMMANDS:
        return Refused(f"git {command}: no access to the repository ({message})")
    return ToolFailed(f"git {command} failed: {message}", completed.stderr)
