"""A user of its own for each run, where the bot is root: who that is, and what of our files it may reach.

The user is the second wall around a tool, behind Landlock: files keep their owner's modes, processes and limits are
its own. Other users of the machine get nowhere by it.
"""

import hashlib
import os
import pwd
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from bot.core.errors import ToolFailed
from bot.ports.cage import Reach

FIRST_UID, UIDS = 30001, 29_000  # above people's, below those of systemd (60000) and of user namespaces (65536)
WAY_GID = 30000  # who may pass through the folders above a run's own


def run_user(run: str) -> int:
    """Return the user for a run: nobody else's in this machine's list, and seldom another run's."""
    uid = FIRST_UID + int.from_bytes(hashlib.sha256(run.encode()).digest()[:8], "big") % UIDS
    while _is_taken(uid):
        uid = FIRST_UID + (uid + 1 - FIRST_UID) % UIDS
    return uid


def grant(uid: int, reach: Reach, top: Path) -> None:
    """Let the user at what of the reach lies beneath `top`, our own folder; call it before each program. As root.

    What it may write becomes its own, file by file, but for files with a second name elsewhere. What it may read and
    others may not gets its group. The folders above can be passed through by members of WAY_GID, not listed.
    """
    paths = ((path for path in paths if path.is_relative_to(top)) for paths in (reach.read, reach.write))
    read, write = (tuple(path for path in places if path.exists()) for places in paths)
    for path in (*read, *write):
        _open_way(path, top, (*read, *write))
    for path in read:
        _show(path, uid)
    for path in write:
        _give(path, uid)


def require_reachable(uid: int, paths: Iterable[Path]) -> None:
    """Check that the user can read these paths: the operator's files are not ours to give.

    Raises ToolFailed with what lets the user. What is missing is passed over.
    """
    for path in (path for path in paths if path.exists()):
        for place in (*reversed(path.parents), path):
            if place.exists() and not _is_open(place, uid):
                raise ToolFailed(
                    f"{path} is out of reach for the users that programs of pull requests run as, since {place} is "
                    f"closed to them; `chgrp {WAY_GID} {place} && chmod g+rX {place}` lets them, and no other user"
                )


def _is_open(place: Path, uid: int) -> bool:
    """Whether the user may read a file, or pass through a folder; by modes alone."""
    state = place.stat()
    rights = stat.S_IXOTH if stat.S_ISDIR(state.st_mode) else stat.S_IROTH
    shift = 6 if state.st_uid == uid else 3 if state.st_gid in (uid, WAY_GID) else 0
    return bool(state.st_mode >> shift & rights)


def _is_taken(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True


def _open_way(path: Path, top: Path, reach: tuple[Path, ...]) -> None:
    for folder in path.parents:
        if not folder.is_relative_to(top):
            return
        mode = stat.S_IMODE(folder.stat().st_mode)
        if not mode & stat.S_IXOTH and not any(folder.is_relative_to(granted) for granted in reach):
            os.chown(folder, -1, WAY_GID)
            folder.chmod(mode | stat.S_IXGRP)


def _show(path: Path, uid: int) -> None:
    """Where its top is the group's already, all beneath is."""
    place = path.lstat()
    if place.st_gid != uid and not place.st_mode & stat.S_IROTH:
        for name, folder, state in _tree(path):
            os.chown(name, -1, uid, dir_fd=folder, follow_symlinks=False)
            if not stat.S_ISLNK(state.st_mode):
                group_rights = (state.st_mode & stat.S_IRWXU) >> 3 & (stat.S_IRGRP | stat.S_IXGRP)
                os.chmod(name, stat.S_IMODE(state.st_mode) | group_rights, dir_fd=folder)


def _give(path: Path, uid: int) -> None:
    for name, folder, state in _tree(path):
        has_other_names = stat.S_ISREG(state.st_mode) and state.st_nlink > 1
        if state.st_uid != uid and not has_other_names:
            os.chown(name, uid, uid, dir_fd=folder, follow_symlinks=False)


def _tree(path: Path) -> Iterator[tuple[str, int | None, os.stat_result]]:
    """All beneath the path and last itself: name, the open folder it is in, and its state. No link is followed."""
    state = path.lstat()
    if stat.S_ISDIR(state.st_mode):
        for _, folders, files, descriptor in os.fwalk(path, topdown=False):
            for name in (*folders, *files):
                yield name, descriptor, os.stat(name, dir_fd=descriptor, follow_symlinks=False)
    yield str(path), None, state
