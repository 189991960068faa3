"""System calls that Python has no name for. Used by the launcher.

Made of `_ctypes`, what `ctypes` is made of: to import that takes as long as to start Python.
"""

import _ctypes
import os

PRCTL = {"x86_64": 157, "aarch64": 167}
CAPSET = {"x86_64": 126, "aarch64": 91}
SECCOMP = {"x86_64": 317, "aarch64": 277}
CLOSE_RANGE = 436  # one number everywhere, as all that came later

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
PR_SET_NO_NEW_PRIVS = 38
CAPABILITY_VERSION_3 = 0x20080522
SECCOMP_SET_MODE_FILTER = 1
LAST_DESCRIPTOR = 0x7FFFFFFF


class _Long(_ctypes._SimpleCData):  # type: ignore[type-arg]  # it takes none when it runs
    _type_ = "l"


class _Char(_ctypes._SimpleCData):  # type: ignore[type-arg]
    _type_ = "c"


class _Function(_ctypes.CFuncPtr):
    _flags_ = _ctypes.FUNCFLAG_CDECL | _ctypes.FUNCFLAG_USE_ERRNO
    _restype_ = _Long


_libc = _ctypes.dlopen(None, os.RTLD_NOW)  # type: ignore[arg-type]  # None is what is linked already
_syscall = _Function(_ctypes.dlsym(_libc, "syscall"))


def machine() -> str:
    """Return the processor's name. Raises OSError where we do not know its system calls."""
    name = os.uname().machine
    if name not in PRCTL:
        raise OSError(f"processors of the kind {name} are not known")
    return name


def call(number: int, *arguments: int | bytes) -> int:
    """Make a system call; bytes are passed by their address. Raises OSError."""
    status: int = _syscall(
        _Long(number), *(_Long(argument) if isinstance(argument, int) else argument for argument in arguments)
    )
    if status < 0:
        raise OSError(_ctypes.get_errno(), os.strerror(_ctypes.get_errno()))
    return status


def prctl(option: int, setting: int) -> None:
    """Set an attribute of this process, see prctl(2). Raises OSError."""
    call(PRCTL[machine()], option, setting, 0, 0, 0)


def drop_capabilities() -> None:
    """Give up every capability; with no_new_privs no program gets one back, not even root's. See capabilities(7)."""
    call(CAPSET[machine()], _word(CAPABILITY_VERSION_3, 4) + _word(0, 4), bytes(24))


def install_filter(program: bytes) -> None:
    """Bind this process to a BPF program, see seccomp(2). Raises OSError."""
    buffer = (_Char * len(program)).from_buffer_copy(program)
    header = _word(len(program) // 8, 8) + _word(_ctypes.addressof(buffer), 8)  # struct sock_fprog, with its padding
    call(SECCOMP[machine()], SECCOMP_SET_MODE_FILTER, 0, header)


def close_descriptors() -> None:
    """Close all but standard input, output and error."""
    call(CLOSE_RANGE, 3, LAST_DESCRIPTOR, 0)


def _word(number: int, size: int) -> bytes:
    return number.to_bytes(size, "little")
