"""The stage of the end-to-end tests."""

from tests.e2e.conftest import stage, stages

__all__ = ["stage", "stages"]
