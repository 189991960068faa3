"""What the launcher does, in the order in which it must be done, and then the program. Imported by `launcher.py` alone.

The JSON has these keys:

- `argv`, `cwd`, `env`: the program, and its whole environment
- `rlimits`: numbers by name (`NOFILE`), as setrlimit(2) takes them; never more than they were
- `landlock`: null, or `read` and `write`: paths, and `ports`: TCP ports to connect to, null for all
- `seccomp`: null, `closed` (no datagrams), or `open` (UDP)
- `uid`, `groups`: null, or the user that the program runs as, in the group of the same number and in these
- `cgroups`: descriptors of files `cgroup.procs`, of the control groups that it enters
- `reap`: stay, and end all that the program started when it has ended, or whoever started us
- `listen`, `control`: addresses to listen on, and the descriptor of a Unix socket over which the sockets are handed out
"""

import _json
import os
import resource
from errno import ENOENT, ENOTDIR

from bot.cage.launcher import kernel, landlock_rules, reaper
from bot.cage.launcher.seccomp_filter import seccomp_filter

TYPE_CHECKING = False  # as in all of the launcher: `typing` takes as long to import as Python to start
if TYPE_CHECKING:
    from typing import Any, NoReturn

    Spec = dict[str, Any]

FAILURE = 125
MAX_SPEC_BYTES = 64 * 1024 * 1024


def main(descriptor: int) -> "NoReturn":
    """Confine this process as the descriptor says, and become the program it names; or exit with 125."""
    starter = os.getppid()
    reaper.default_signals()
    step = "read what to start"
    try:
        spec = _read(descriptor)
        for intent, act in STEPS:
            step = intent
            act(spec, starter)
    except Exception as error:  # noqa: BLE001  # whatever it is, nothing runs half-caged
        os.write(2, f"launcher: could not {step}: {_reason(error)}\n".encode(errors="replace"))
    os._exit(FAILURE)


def _reason(error: Exception) -> str:
    if not isinstance(error, OSError):
        return repr(error)
    return ": ".join(str(part) for part in (error.filename, error.strerror or error) if part)


def _read(descriptor: int) -> "Spec":
    """The JSON, by what the `json` module is made of: to import that takes longer than to start Python."""
    with open(descriptor, "rb") as file:
        file.seek(0)
        text = file.read(MAX_SPEC_BYTES).decode()
    spec: Spec = _json.make_scanner(_ScannerSettings)(text, 0)[0]  # type: ignore[arg-type]  # any object will do
    return spec


class _ScannerSettings:
    strict, object_hook, object_pairs_hook = True, None, None
    parse_float, parse_int, parse_constant = float, int, float


def _enter_groups(spec: "Spec", starter: int) -> None:
    for descriptor in spec.get("cgroups", []):
        os.write(descriptor, b"0")  # this process, in whatever namespace (cgroups(7))


def _hand_out_sockets(spec: "Spec", starter: int) -> None:
    if spec.get("listen"):
        from bot.cage.launcher.handed_sockets import hand_out  # the socket module is needed for nothing else

        addresses = hand_out([tuple(address) for address in spec["listen"]], spec["control"])
        for name, text in spec["env"].items():
            for position, address in enumerate(addresses):
                text = text.replace(f"{{listen{position}}}", address)
            spec["env"][name] = text


def _stay_as_parent(spec: "Spec", starter: int) -> None:
    if spec.get("reap"):
        reaper.stay_as_parent(starter)


def _limit_resources(spec: "Spec", starter: int) -> None:
    for name, number in spec.get("rlimits", {}).items():
        kind = getattr(resource, f"RLIMIT_{name}")
        hard = resource.getrlimit(kind)[1]
        limit = number if hard == resource.RLIM_INFINITY else min(number, hard)
        resource.setrlimit(kind, (limit, limit))


def _forbid_new_privileges(spec: "Spec", starter: int) -> None:
    if _is_confined(spec):
        kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)


def _restrict_files_and_ports(spec: "Spec", starter: int) -> None:
    """While we may still open what the program's user may not."""
    if rules := spec.get("landlock"):
        landlock_rules.restrict(rules["read"], rules["write"], rules["ports"])


def _become_user(spec: "Spec", starter: int) -> None:
    uid = spec.get("uid")
    if uid is not None:
        os.setgroups(spec.get("groups", []))
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    if _is_confined(spec):
        kernel.drop_capabilities()


def _filter_system_calls(spec: "Spec", starter: int) -> None:
    if spec.get("seccomp"):
        datagrams = {"open": True, "closed": False}[spec["seccomp"]]
        kernel.install_filter(seccomp_filter(kernel.machine(), datagrams))


def _start(spec: "Spec", starter: int) -> None:
    """As the program's user, and within its limits."""
    if spec.get("reap"):
        reaper.end_with_parent()
    os.chdir(spec["cwd"])
    kernel.close_descriptors()
    reaper.unblock_signals()
    program, obstacle = spec["argv"][0], ENOENT
    folders = [""] if "/" in program else spec["env"].get("PATH", os.defpath).split(":")
    for folder in folders:  # os.execvpe imports a module, which by now we may not read
        try:
            os.execve(os.path.join(folder, program), spec["argv"], spec["env"])
        except OSError as error:
            if error.errno and error.errno not in (ENOENT, ENOTDIR):
                obstacle = error.errno
    raise OSError(obstacle, os.strerror(obstacle), program)


def _is_confined(spec: "Spec") -> bool:
    return bool(spec.get("landlock") or spec.get("seccomp") or spec.get("uid") is not None)


STEPS = (
    ("enter its control groups", _enter_groups),
    ("listen for the program", _hand_out_sockets),
    ("stay as the program's parent", _stay_as_parent),
    ("limit its resources", _limit_resources),
    ("forbid new privileges", _forbid_new_privileges),
    ("restrict files and ports with Landlock", _restrict_files_and_ports),
    ("run as another user", _become_user),
    ("filter its system calls with seccomp", _filter_system_calls),
    ("start the program", _start),
)
