"""What `gitops-bot check` found."""

from dataclasses import dataclass

from bot.cli.usage import FAILED


@dataclass(frozen=True)
class Finding:
    """`mark` is ✓ (good), ! (worth knowing) or ✗ (to be mended); `status` is what check exits with for it."""

    mark: str
    subject: str
    message: str
    status: int = 0

    def __str__(self) -> str:
        return f"{self.mark} {self.subject}: {self.message}"


def passed(subject: str, message: str) -> Finding:
    """A finding with nothing to do."""
    return Finding("✓", subject, message)


def warning(subject: str, message: str) -> Finding:
    """A finding that is worth knowing."""
    return Finding("!", subject, message)


def problem(subject: str, message: str, status: int = FAILED) -> Finding:
    """A finding that is to be mended."""
    return Finding("✗", subject, message, status)
