"""The launcher as the tool's parent: it ends all that the tool started, whatever session that fled to.

Orphans become its children, since it is their subreaper. It stands in a Landlock domain around the tool's: it can
signal what is in there and nobody else, so one `kill(-1)` ends all of it at once, before any of it can fork again.
"""

import os
import resource
import time

from bot.cage import kernel, landlock_rules

TYPE_CHECKING = False  # as in all of the launcher: `typing` takes as long to import as Python to start
if TYPE_CHECKING:
    import signal
    from typing import NoReturn
else:
    import _signal as signal

ENDING = (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
ALL_SIGNALS = signal.valid_signals()
END_SECONDS = 10.0
LOOK_SECONDS = 0.02


def default_signals() -> None:
    """Give every signal its default effect, whatever our parent ignores."""
    for number in ALL_SIGNALS - {signal.SIGKILL, signal.SIGSTOP}:
        signal.signal(number, signal.SIG_DFL)


def end_with_parent() -> None:
    """Have the kernel kill this process when its parent is gone. Another user or a program's capabilities undo it."""
    kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)


def unblock_signals() -> None:
    """Let signals come, also those that came while they were blocked."""
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def stay_as_parent(starter: int, *, outlives: bool) -> None:
    """Fork; return in the child alone, signals blocked. The parent ends with the child and all that came of it.

    `starter` is the process that started us: when it is gone, so are we, unless this `outlives` it. Raises OSError.
    """
    signal.pthread_sigmask(signal.SIG_SETMASK, ALL_SIGNALS)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    kernel.prctl(kernel.PR_SET_CHILD_SUBREAPER, 1)
    is_apart = _stand_apart(starter)
    if not outlives:
        _end_with(starter)
    tool = os.fork()
    if tool == 0:
        if is_apart:
            landlock_rules.restrict_signals()
        return
    kernel.close_descriptors()
    _oversee(tool, is_apart)


def _stand_apart(starter: int) -> bool:
    """Enter a domain of our own, if the kernel has such; tell whether signals really do not leave it."""
    if landlock_rules.abi() < landlock_rules.NEEDED_ABI:
        return False
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    landlock_rules.restrict_signals()
    try:
        os.kill(starter, 0)
    except PermissionError:
        return True
    return False


def _end_with(starter: int) -> None:
    kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != starter:
        raise OSError("what started it is gone")


def _oversee(tool: int, is_apart: bool) -> "NoReturn":
    """Wait for the tool or for a signal to end; end what is left; end as the tool did, or by that signal."""
    status = None
    while status is None:
        number = signal.sigwait((signal.SIGCHLD, *ENDING))
        status = number if number in ENDING else _ended_children().get(tool)
    if not _end_descendants(is_apart):
        os.write(2, b"launcher: could not end what the program started\n")
    _exit_as(status)


def _ended_children() -> dict[int, int]:
    """The children that have ended since this was asked last, and how."""
    statuses: dict[int, int] = {}
    while _has_children() and (child := os.waitpid(-1, os.WNOHANG))[0]:
        statuses[child[0]] = child[1]
    return statuses


def _has_children() -> bool:
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def _end_descendants(is_apart: bool) -> bool:
    """Kill until nothing is left; tell whether that was reached in time."""
    deadline = time.monotonic() + END_SECONDS
    while _has_children():
        if time.monotonic() > deadline:
            return False
        _send(-1, signal.SIGKILL) if is_apart else _kill_tree()
        _ended_children()
        signal.sigtimedwait((signal.SIGCHLD,), LOOK_SECONDS)
    return True


def _kill_tree() -> None:
    """Stop all descendants, so that they start no others, then kill them: for kernels without domains."""
    stopped: set[int] = set()
    while new := _descendants() - stopped:
        for pid in new:
            _send(pid, signal.SIGSTOP)
        stopped |= new
    for pid in stopped:
        _send(pid, signal.SIGKILL)


def _descendants() -> set[int]:
    parents = {int(name): _parent(name) for name in os.listdir("/proc") if name.isdecimal()}
    descendants: set[int] = set()
    generation = {os.getpid()}
    while generation := {pid for pid, parent in parents.items() if parent in generation} - descendants:
        descendants |= generation
    return descendants


def _parent(pid: str) -> int:
    try:
        with open(f"/proc/{pid}/stat", "rb") as stat:
            return int(stat.read().rpartition(b")")[2].split()[1])
    except OSError:  # it has ended
        return 0


def _send(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except (ProcessLookupError, PermissionError):  # it has ended
        return


def _exit_as(status: int) -> "NoReturn":
    """End with a status of wait(2), or by the signal that it tells, without a core of our own."""
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if number != signal.SIGKILL:
            signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
        unblock_signals()
    os._exit(os.waitstatus_to_exitcode(status))
