"""Programs that stand in for terraform and do one thing badly: `terraform-<what>`, each a shell script on a PATH."""

import os
from collections.abc import Mapping
from pathlib import Path

GIGABYTE = 1_000_000_000
SPILL = f"head -c {GIGABYTE} /dev/zero | tr '\\0' x"
LINES = f"yes '{'x' * 200}' | head -c {GIGABYTE}"

# What each does in one command; in all others it is the real one.
DOES: Mapping[str, tuple[str, str]] = {
    "failsinit": ("init", "echo 'Error: the registry does not answer' >&2; exit 1"),
    "failsplan": ("plan", "echo 'Error: no such region' >&2; exit 1"),
    "failsapply": ("apply", "echo 'Error: quota exceeded'; exit 1"),
    "silent": ("plan", "exit 1"),
    "odd": ("plan", "exit 77"),
    "hangs": ("plan", "sleep 611 & trap '' INT TERM; wait; wait"),
    "diesinit": ("init", "kill -KILL $$"),
    "diesplan": ("plan", "kill -KILL $$"),
    "diesapply": ("apply", "echo half >> $HERE/half; kill -KILL $$"),
    "spillsinit": ("init", f"{SPILL}; exit 1"),
    "spillsplan": ("plan", f"{LINES}; exit 1"),
    "spillsinplan": ("plan", f'{SPILL} >&2; exec terraform "$@"'),
    "spillsshow": ("show", LINES),
    "spillsapply": ("apply", f'{LINES}; exec terraform "$@"'),
    "cutshow": ("show", 'terraform "$@" | head -c 100'),
    "babblesshow": ("show", "echo 'this is no JSON'"),
    "listshow": ("show", "echo '[]'"),
    "oddshow": ("show", 'echo \'{"format_version": "9.0"}\''),
    "numbershow": ("show", 'echo \'{"format_version": "1.2", "resource_changes": 7}\''),
    "fillsplan": ("plan", 'cat /dev/zero > $TF_DATA_DIR/zeros || exit 1; exec terraform "$@"'),
    "waitsplan": ("plan", 'touch $HERE/waiting; until [ -e $HERE/go ]; do sleep 0.1; done; exec terraform "$@"'),
    "cutsplan": (
        "plan",
        'terraform "$@"; status=$?; for word; do case $word in -out=*) truncate -s 100 "${word#-out=}";; esac; done; '
        "exit $status",
    ),
    "many": ("show", "cat $HERE/shown.json"),
    "babblesversion": ("version", "echo 'this is no JSON'"),
    "diesversion": ("version", "kill -KILL $$"),
}


def install(directory: Path) -> dict[str, str]:
    """Write them all; the settings by which projects may name them, and PATH."""
    directory.mkdir(parents=True, exist_ok=True)
    for name, (command, does) in DOES.items():
        path = directory / f"terraform-{name}"
        path.write_text(f'#!/bin/sh\nHERE={directory}\n[ "$1" = {command} ] || exec terraform "$@"\n{does}\n')
        path.chmod(0o755)
    names = ",".join(["terraform", *(f"terraform-{name}" for name in DOES)])
    return {"TERRAFORM__BINARIES": names, "CAGE__WRITE": str(directory)}


def path_with(directory: Path) -> str:
    return f"{directory}:/usr/local/bin:/usr/bin:/bin:{os.environ['PATH']}"


def uses(name: str, dir: str = "app") -> str:
    """A gitops.yaml whose one project names this program."""
    return f"version: 1\nprojects:\n  - dir: {dir}\n    terraform: {{binary: terraform-{name}}}\n"
