"""Landlock: which files, TCP ports and processes a program may reach. Used by the launcher; see landlock(7)."""

import os
from stat import S_ISDIR

from bot.cage.launcher.kernel import call

NEEDED_ABI = 6  # Linux 6.12: the first that confines signals and abstract sockets

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
CREATE_RULESET_VERSION = 1
PATH_BENEATH, NET_PORT = 1, 2

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
MAKE_CHAR, MAKE_BLOCK = 1 << 6, 1 << 11
REFER, TRUNCATE, IOCTL_DEV = 1 << 13, 1 << 14, 1 << 15
ALL_OF_FILES = (1 << 16) - 1  # all that ABI 6 knows
OF_ONE_FILE = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV
READING = EXECUTE | READ_FILE | READ_DIR
WRITING = ALL_OF_FILES & ~(MAKE_CHAR | MAKE_BLOCK)

BIND_TCP, CONNECT_TCP = 1, 2
ANY_FREE_PORT = 0
SCOPE_ABSTRACT_SOCKETS, SCOPE_SIGNALS = 1, 2


def restrict_signals() -> None:
    """Let this process and all that it starts signal and connect to nobody else. Needs no_new_privs. Raises OSError."""
    ruleset = _ruleset(files=REFER, ports=0)
    _allow(ruleset, "/", REFER)  # or the kernel forbids files to change folders, whatever the ruleset says
    _restrict(ruleset)


def restrict(read: list[str], write: list[str], ports: list[int] | None) -> None:
    """Confine this process and all that it starts to the paths and beneath. Needs no_new_privs. Raises OSError.

    What is missing or out of reach among `read` stays so; of `write` that is an error. TCP: to connect to these ports,
    and to bind to none; where `ports` is None, to connect to all and to bind to what the kernel chooses.
    """
    ruleset = _ruleset(ALL_OF_FILES, BIND_TCP if ports is None else BIND_TCP | CONNECT_TCP)
    for path in read:
        try:
            _allow(ruleset, path, READING)
        except (FileNotFoundError, NotADirectoryError, PermissionError):
            continue
    for path in write:
        _allow(ruleset, path, WRITING)
    for port in [ANY_FREE_PORT] if ports is None else ports:
        right = BIND_TCP if ports is None else CONNECT_TCP
        call(ADD_RULE, ruleset, NET_PORT, _word(right) + _word(port), 0)
    _restrict(ruleset)


def _ruleset(files: int, ports: int) -> int:
    _require_abi()
    attributes = _word(files) + _word(ports) + _word(SCOPE_ABSTRACT_SOCKETS | SCOPE_SIGNALS)
    return call(CREATE_RULESET, attributes, len(attributes), 0)


def _require_abi() -> None:
    try:
        version = call(CREATE_RULESET, 0, 0, CREATE_RULESET_VERSION)
    except OSError:
        version = 0
    if version < NEEDED_ABI:
        known = f"the kernel knows ABI {version}" if version else "the kernel has none, or it is not in its `lsm=` list"
        raise OSError(f"Landlock: {known}; ABI {NEEDED_ABI} is needed (Linux 6.12 or newer)")


def _allow(ruleset: int, path: str, rights: int) -> None:
    place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    if not S_ISDIR(os.fstat(place).st_mode):
        rights &= OF_ONE_FILE
    call(ADD_RULE, ruleset, PATH_BENEATH, _word(rights) + place.to_bytes(4, "little"), 0)
    os.close(place)


def _restrict(ruleset: int) -> None:
    call(RESTRICT_SELF, ruleset, 0)
    os.close(ruleset)


def _word(number: int) -> bytes:
    return number.to_bytes(8, "little")
