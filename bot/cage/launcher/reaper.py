"""The launcher as the tool's parent: it ends all that the tool started, whatever session that fled to.

Orphans become its children, since it is their subreaper. It stands in a Landlock domain around the tool's: it can
signal what is in there and nobody else, so one `kill(-1)` ends all of it at once, before any of it can fork again.
"""

import os
import resource
import time

from bot.cage.launcher import kernel, landlock_rules

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


def stay_as_parent(starter: int) -> None:
    """Fork; return in the child alone, signals blocked. The parent ends with the child and all that came of it.

    `starter` is the process that started us: when it is gone, so are we. Raises OSError, also where the kernel does not
    keep signals in.
    """
    signal.pthread_sigmask(signal.SIG_SETMASK, ALL_SIGNALS)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    kernel.prctl(kernel.PR_SET_CHILD_SUBREAPER, 1)
    _stand_apart(starter)
    _end_with(starter)
    tool = os.fork()
    if tool == 0:
        landlock_rules.restrict_signals()
        return
    kernel.close_descriptors()
    _oversee(tool)


def _stand_apart(starter: int) -> None:
    """Enter a domain of our own, and see that signals really do not leave it: a `kill(-1)` that did would end all."""
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    landlock_rules.restrict_signals()
    try:
        os.kill(starter, 0)
    except PermissionError:
        return
    raise OSError("signals leave its Landlock domain")


def _end_with(starter: int) -> None:
    kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != starter:
        raise OSError("what started it is gone")


def _oversee(tool: int) -> "NoReturn":
    """Wait for the tool or for a signal to end; end what is left; end as the tool did, or by that signal."""
    status = None
    while status is None:
        number = signal.sigwait((signal.SIGCHLD, *ENDING))
        status = number if number in ENDING else _ended_children().get(tool)
    if not _end_descendants():
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


def _end_descendants() -> bool:
    """Kill until nothing is left; tell whether that was reached in time."""
    deadline = time.monotonic() + END_SECONDS
    while _has_children():
        if time.monotonic() > deadline:
            return False
        _kill_all()
        _ended_children()
        signal.sigtimedwait((signal.SIGCHLD,), LOOK_SECONDS)
    return True


def _kill_all() -> None:
    try:
        os.kill(-1, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):  # all have ended
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
