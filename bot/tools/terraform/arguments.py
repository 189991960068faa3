"""Argument lists by python-terraform, which builds them and does nothing else here: it never runs, reads or logs."""

from collections.abc import Mapping
from typing import Any

import python_terraform
from python_terraform import IsFlagged

__all__ = ["IsFlagged", "arguments"]


class _ArgumentBuilder(python_terraform.Terraform):  # type: ignore[misc]  # no types
    """Upstream reads state when made, and takes every unknown attribute for a command."""

    def __init__(self, binary: str) -> None:
        super().__init__(working_dir="/", terraform_bin_path=binary)

    def read_state_file(self, file_path: str | None = None) -> None:
        self.tfstate = None

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(name)


def arguments(binary: str, command: str, *operands: str, **options: Any) -> tuple[str, ...]:
    """`binary command -option=value… operands…`: lists repeat, True and False are words, None is left out."""
    argv: list[str] = _ArgumentBuilder(binary).generate_cmd_string(command, *operands, **options)
    return tuple(argv)


def environment(inherited: Mapping[str, str], **overrides: str) -> dict[str, str]:
    """What terraform runs with: what it was given, and the switches that keep it quiet and alone.

    Go's collector is told to wait longer, up to a gigabyte: a third of a short command's time is spent in it.
    """
    go_runtime = {"GOGC": "400", "GOMEMLIMIT": "1GiB"}
    switches = {"TF_IN_AUTOMATION": "1", "TF_INPUT": "0", "CHECKPOINT_DISABLE": "1", "NO_COLOR": "1"}
    return {**go_runtime, **inherited, **switches, **overrides}
