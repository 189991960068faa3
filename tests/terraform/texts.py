"""Pieces of configuration that many tests put together."""

ROOT = 'resource "terraform_data" "x" {}\n'
NONE: frozenset[str] = frozenset()
"""No directories of other projects."""


def module(source: str) -> str:
    """A call of a module."""
    return f'module "m" {{\n  source = "{source}"\n}}\n'
