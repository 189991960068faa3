"""What git is shown of a remote by the access that the bot gives it, and by none."""

import os
import subprocess

from bot.git.access import NO_ACCESS, Access, access_to
from bot.ports import Remote

ENV = {"PATH": os.defpath, "HOME": os.devnull, "GIT_TERMINAL_PROMPT": "0", "GIT_CONFIG_NOSYSTEM": "1"}
NOBODY = Access({**NO_ACCESS.env, "GIT_ALLOW_PROTOCOL": "http:https:file"})

Listed = subprocess.CompletedProcess[str]


def ls_remote(remote: Remote, ref: str = "HEAD", url: str = "") -> Listed:
    """Ask for a ref of the remote, or at another URL with what is for the remote."""
    with access_to(remote) as access:
        return _ls_remote(access, url or remote.url, ref)


def ls_remote_as_nobody(remote: Remote, ref: str = "HEAD") -> Listed:
    """Ask for a ref without being anybody."""
    return _ls_remote(NOBODY, remote.url, ref)


def _ls_remote(access: Access, url: str, ref: str) -> Listed:
    env, command = ENV | dict(access.env), ["git", "ls-remote", url, ref]
    return subprocess.run(command, env=env, pass_fds=access.fds, capture_output=True, check=False, text=True)
