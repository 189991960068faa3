"""A seccomp filter: which system calls a program may not make. Used by the launcher; see seccomp(2).

What is refused is what containers are refused too, and what reaches other processes of the same user where Landlock
does not look: limits, priorities, System V memory. Calls that came after those we know do not exist for the program.
"""

from errno import EAFNOSUPPORT, ENOSYS, EOPNOTSUPP, EPERM, EPROTONOSUPPORT, ESOCKTNOSUPPORT

from bot.cage.launcher.system_calls import ARCHITECTURES, number, refused_calls

Instruction = tuple[int, int, int, int]  # struct sock_filter: code, if true, if false, k
Step = tuple[int, int, str, str] | str  # the same with names of places to jump to, or such a name

LOAD, AND, RETURN = 0x20, 0x54, 0x06
IF_EQUAL, IF_AT_LEAST, IF_ANY_BIT = 0x15, 0x35, 0x45
ALLOW, REFUSE = 0x7FFF0000, 0x00050000
CALL, ARCHITECTURE, ARGUMENTS = 0, 4, 16  # offsets in struct seccomp_data

NEWEST_KNOWN = 469  # file_setattr, of Linux 6.17
NAMESPACES = 0x7E020000  # CLONE_NEWNS to CLONE_NEWNET
FASTOPEN = 0x20000000  # MSG_FASTOPEN connects without connect(2), which Landlock does not see
TIOCSTI, TIOCLINUX = 0x5412, 0x541C
SET_ID, O_CREAT, O_TMPFILE = 0o6000, 0o100, 0o20000000
FILE_KIND, CHARACTER_DEVICE, BLOCK_DEVICE = 0o170000, 0o020000, 0o060000
PERSONALITIES = (0, 8, 0x20000, 0x20008, 0xFFFFFFFF)  # Linux, 32 bit, an old version's name, or to ask
AF_UNIX, AF_INET, AF_INET6, AF_NETLINK = 1, 2, 10, 16
SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET, SOCK_KIND = 1, 2, 5, 0xF
ANY_PROTOCOL, TCP, UDP, NETLINK_ROUTE = 0, 6, 17, 0


def seccomp_filter(machine: str, datagrams: bool) -> bytes:
    """Return the program for a processor: struct sock_filter after sock_filter. With `datagrams`, UDP is left alone."""
    blocks = (
        _known_calls(machine),
        *(_refused(call) for call in refused_calls(machine)),
        _rule("clone3", machine, _give(ENOSYS)),  # its flags cannot be read here; libc then uses clone
        _rule("clone", machine, _load(0), (IF_ANY_BIT, NAMESPACES, "refuse", "allow")),
        _rule("ioctl", machine, _load(1), _equal(TIOCSTI, "refuse"), _equal(TIOCLINUX, "refuse", "allow")),
        _rule("personality", machine, _load(0), *(_equal(kind, "allow") for kind in PERSONALITIES)),
        _rule("openat2", machine, _give(ENOSYS)),  # nor can its mode; programs then use openat
        *(_plain_mode(name, position, machine) for name, position in MODES.items()),
        *(_creating(name, position, machine) for name, position in FLAGS_OF_OPENING.items()),
        *(_devices(name, position, machine) for name, position in (("mknod", 1), ("mknodat", 2))),
        *(_own_process(name, positions, machine) for name, positions in OF_A_PROCESS.items()),
        *(_no_fast_open(name, position, machine) for name, position in FLAGS_OF_SENDING.items()),
        _socket(machine, datagrams),
        _socketpair(machine),
        [_return(ALLOW)],
    )
    return b"".join(_encode(instruction) for block in blocks for instruction in _resolve(block))


OF_A_PROCESS = {  # the arguments that must be 0: the process that calls
    "prlimit64": (0,),
    "sched_setaffinity": (0,),
    "sched_setattr": (0,),
    "sched_setparam": (0,),
    "sched_setscheduler": (0,),
    "setpriority": (0, 1),
}
MODES = {"chmod": 1, "creat": 1, "fchmod": 1, "fchmodat": 2, "fchmodat2": 2}
FLAGS_OF_OPENING = {"open": 1, "openat": 2}  # the mode comes next, and counts where a file is made
FLAGS_OF_SENDING = {"sendto": 3, "sendmsg": 2, "sendmmsg": 3}


def _known_calls(machine: str) -> list[Step]:
    """Refuse other architectures' calls, x32's and those of the future; then the call's number is what is compared."""
    return [
        (LOAD, ARCHITECTURE, "", ""),
        _equal(ARCHITECTURES[machine], "native", "unknown"),
        "native",
        (LOAD, CALL, "", ""),
        (IF_AT_LEAST, NEWEST_KNOWN + 1, "unknown", "end"),
        "unknown",
        _give(ENOSYS),
        "end",
    ]


def _rule(name: str, machine: str, *steps: Step) -> list[Step]:
    """Steps for one call, which end at `allow` or `refuse` or, if at neither, are refused."""
    call = number(name, machine)
    if call is None:
        return []
    return [_equal(call, "", "end"), *steps, "refuse", _give(EPERM), "allow", _return(ALLOW), "end"]


def _refused(call: int) -> list[Step]:
    return [_equal(call, "", "end"), _give(EPERM), "end"]


def _devices(name: str, position: int, machine: str) -> list[Step]:
    mask = (AND, FILE_KIND, "", "")
    refusals = (_equal(CHARACTER_DEVICE, "refuse"), _equal(BLOCK_DEVICE, "refuse", "allow"))
    return _rule(name, machine, _load(position), mask, *refusals)


def _plain_mode(name: str, position: int, machine: str) -> list[Step]:
    """No program that would run as its owner, who may be root: it would outlive the run."""
    return _rule(name, machine, _load(position), (IF_ANY_BIT, SET_ID, "refuse", "allow"))


def _creating(name: str, position: int, machine: str) -> list[Step]:
    mode = (_load(position + 1), (IF_ANY_BIT, SET_ID, "refuse", "allow"))
    return _rule(name, machine, _load(position), (IF_ANY_BIT, O_CREAT | O_TMPFILE, "", "allow"), *mode)


def _own_process(name: str, positions: tuple[int, ...], machine: str) -> list[Step]:
    checks = [step for position in positions for step in (_load(position), _equal(0, "", "refuse"))]
    return _rule(name, machine, *checks, _return(ALLOW))


def _no_fast_open(name: str, position: int, machine: str) -> list[Step]:
    return _rule(name, machine, _load(position), (IF_ANY_BIT, FASTOPEN, "", "allow"), _give(EOPNOTSUPP))


def _socket(machine: str, datagrams: bool) -> list[Step]:
    """Streams between processes, TCP, what name resolution asks the kernel, and UDP with `datagrams`.

    By protocol too, for Landlock knows TCP and not what else makes streams of IP (MPTCP, SCTP, SMC).
    """
    return _rule(
        "socket",
        machine,
        *(_load(0), _equal(AF_UNIX, "unix"), _equal(AF_INET, "ip"), _equal(AF_INET6, "ip")),
        *(_equal(AF_NETLINK, "netlink"), _give(EAFNOSUPPORT)),
        *("unix", *_stream_kinds(), _give(ESOCKTNOSUPPORT)),
        *("ip", _load(1), (AND, SOCK_KIND, "", ""), _equal(SOCK_STREAM, "stream")),
        *((_equal(SOCK_DGRAM, "datagram"),) if datagrams else ()),
        _give(ESOCKTNOSUPPORT),
        *("stream", _load(2), _equal(ANY_PROTOCOL, "allow"), _equal(TCP, "allow"), _give(EPROTONOSUPPORT)),
        *("datagram", _load(2), _equal(ANY_PROTOCOL, "allow"), _equal(UDP, "allow"), _give(EPROTONOSUPPORT)),
        *("netlink", _load(2), _equal(NETLINK_ROUTE, "allow"), _give(EPROTONOSUPPORT)),
    )


def _socketpair(machine: str) -> list[Step]:
    """Streams alone: a datagram socket of a pair may still send to others."""
    return _rule("socketpair", machine, *_stream_kinds(), _give(ESOCKTNOSUPPORT))


def _stream_kinds() -> tuple[Step, ...]:
    return (_load(1), (AND, SOCK_KIND, "", ""), _equal(SOCK_STREAM, "allow"), _equal(SOCK_SEQPACKET, "allow"))


def _load(argument: int) -> Step:
    """The lower half of an argument: all that the kernel reads of those that are compared here."""
    return (LOAD, ARGUMENTS + 8 * argument, "", "")


def _equal(number: int, then: str, otherwise: str = "") -> Step:
    return (IF_EQUAL, number, then, otherwise)


def _give(error: int) -> Step:
    return _return(REFUSE | error)


def _return(action: int) -> Step:
    return (RETURN, action, "", "")


def _resolve(block: list[Step]) -> list[Instruction]:
    """Names of places become distances, counted from the next instruction."""
    places: dict[str, int] = {}
    steps: list[tuple[int, int, str, str]] = []
    for step in block:
        if isinstance(step, str):
            places[step] = len(steps)
        else:
            steps.append(step)
    return [
        (code, places[then] - at - 1 if then else 0, places[otherwise] - at - 1 if otherwise else 0, k)
        for at, (code, k, then, otherwise) in enumerate(steps)
    ]


def _encode(instruction: Instruction) -> bytes:
    code, then, otherwise, k = instruction
    return code.to_bytes(2, "little") + bytes((then, otherwise)) + k.to_bytes(4, "little")
