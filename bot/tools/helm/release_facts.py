"""What a chart's templates ask of the history of their release, which a rendering of one commit has none of.

Called by `build`. Looks into folders, not into vendored archives, nor behind links.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path

TEMPLATES = "templates"
FACT = re.compile(rb"\.Release\.(?:IsInstall|IsUpgrade|Revision)\b")


def release_facts(chart: Path) -> tuple[str, ...]:
    """List those of `.Release.IsInstall`, `.Release.IsUpgrade` and `.Release.Revision` that templates name, sorted."""
    facts = {match[0] for path in _templates(chart) for match in FACT.finditer(path.read_bytes())}
    return tuple(sorted(fact.decode() for fact in facts))


def _templates(chart: Path) -> Iterator[Path]:
    for folder, _, files in os.walk(chart):
        if TEMPLATES in Path(folder).relative_to(chart).parts:
            yield from (path for path in (Path(folder, name) for name in files) if path.is_file())
