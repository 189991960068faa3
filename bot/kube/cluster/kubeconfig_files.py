"""Which files of the machine a kubeconfig leads to: for programs that see no others."""

import shutil
from pathlib import Path
from typing import Any

import yaml

PATH_KEYS = ("certificate-authority", "client-certificate", "client-key", "tokenFile")


def kubeconfig_files(kubeconfig: Path) -> tuple[Path, ...]:
    """List the kubeconfig, the files that it names, and its plug-ins' programs. Raises OSError, YAMLError."""
    content = yaml.safe_load(kubeconfig.read_text()) or {}
    parts = [row.get(kind) or {} for kind in ("cluster", "user") for row in content.get(f"{kind}s") or ()]
    names = [part[key] for part in parts for key in PATH_KEYS if part.get(key)]
    names += [path for part in parts if (path := _program(part))]
    return (kubeconfig.absolute(), *(kubeconfig.absolute().parent / name for name in names))


def _program(user: dict[str, Any]) -> str | None:
    command = (user.get("exec") or {}).get("command")
    return shutil.which(command) if command else None
