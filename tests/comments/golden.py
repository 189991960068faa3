"""Comments that are kept as files, for a reviewer to read."""

from pathlib import Path


def compare(path: Path, text: str, update: bool) -> None:
    """It is what the file says, which `update` writes anew."""
    if update:
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")
