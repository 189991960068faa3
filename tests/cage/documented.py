"""What of the hostile provider's probes succeeds in a cage: nothing but what docs/security.md lists as open."""

from collections.abc import Mapping

FAMILIES = (
    "file",
    "folder",
    "process",
    "proc",
    "sys",
    "device",
    "privilege",
    "kernel",
    "network",
    "socket",
    "gate",
    "proxy",
    "leave",
    "survive",
    "plant",
    "environment",
    "limits",
)
SEEN_AFTERWARDS = ("survive", "plant")
"""Whether these succeed only the test sees, when the plan is over."""

ALWAYS = {
    "leave: words in our own configuration": "a run's checkout is compared with its commit before an apply",
}
BY_ITS_PATH = "Landlock knows no rules for sockets that have a path: who listens there sees to who may connect"
SEEN = "/proc shows that there is a process; what is in its folder is refused"
LANDLOCK = {
    "process: see the bot": SEEN,
    "process: see the victim": SEEN,
    "socket: one in the machine's /tmp": BY_ITS_PATH,
    "socket: one as an engine of containers has": BY_ITS_PATH,
    "socket: one in DATA_DIR": BY_ITS_PATH,
    "file: the size of the vault's key": "Landlock does not look at it; the folders above are on the way of every run",
}
METADATA = "Landlock does not look at it, and the files are of the same user"
LANDLOCK_ORDINARY = {
    "folder: change the mode of a file of it": METADATA,
    "folder: change the owner of a file of it": METADATA,
    "folder: change the times of a file of it": METADATA,
    "folder: set an attribute of a file of it": METADATA,
}
OPEN: Mapping[tuple[str, str], Mapping[str, str]] = {
    ("bubblewrap", "root"): ALWAYS,
    ("bubblewrap", "ordinary"): ALWAYS,
    ("landlock", "root"): ALWAYS | LANDLOCK,
    ("landlock", "ordinary"): ALWAYS | LANDLOCK | LANDLOCK_ORDINARY,
}
"""By kind of cage and who the bot is: the probes that succeed, and why that is so."""
