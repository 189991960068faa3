"""What of a comment its author spoke at the start of a line: not quotes, code, HTML comments or what hangs in a list.

One pass over the lines, however long the comment is. Called by `core.commands`.
"""

import re
from collections.abc import Callable, Iterator, Sequence

_BREAK = re.compile(r"\r\n|\n|\r")
_INDENTED = re.compile(r" {4}| {0,3}\t")
_QUOTED = re.compile(r" {0,3}>")
_FENCE = re.compile(r" {0,3}(`{3,}(?=[^`]*$)|~{3,})")
_LISTED = re.compile(r" {0,3}([-*+]|[0-9]{1,9}[.)])(?=[ \t]|$)")
_HTML = re.compile(r" {0,3}<(!--|(?:pre|script|style|textarea)(?=[ \t>]|$))", re.IGNORECASE)

_Ends = Callable[[str], bool]


def prose_lines(body: str) -> Iterator[str]:
    """Lines that begin where a line begins and are the author's own words, without the space around them."""
    lines = _BREAK.split(body)
    comment_ends = _comment_ends(lines)
    ends: _Ends | None = None
    listed, hidden = False, 0
    for number, line in enumerate(lines):
        if ends is not None:
            ends = None if ends(line) else ends
            continue
        if not line.strip():
            continue
        listed = bool(_LISTED.match(line)) or (listed and line[0] in " \t")
        if listed or _INDENTED.match(line) or _QUOTED.match(line):
            continue
        html = _html(line)
        if html is not None:
            ends = None if html(line) else html
            continue
        ends = _fence(line)
        if ends is None and number >= hidden:
            hidden = _hidden(line, number, comment_ends)
            yield line.strip()


def _fence(line: str) -> _Ends | None:
    """How the fenced code ends that this line opens: by the same mark, at least as long, and nothing else."""
    opened = _FENCE.match(line)
    if opened is None:
        return None
    mark, length = opened[1][0], len(opened[1])

    def ends(line: str) -> bool:
        bare = line.strip(" \t")
        return len(bare) >= length and not bare.strip(mark) and not _INDENTED.match(line)

    return ends


def _html(line: str) -> _Ends | None:
    """How the comment or the verbatim element ends that this line begins with."""
    opened = _HTML.match(line)
    if opened is None:
        return None
    end = "-->" if opened[1] == "!--" else f"</{opened[1].lower()}>"
    return lambda line: end in line.lower()


def _comment_ends(lines: Sequence[str]) -> list[int]:
    """For each line, the next line of the same paragraph that ends a comment, itself included; -1 where none does."""
    ends, end = [-1] * (len(lines) + 1), -1
    for number in range(len(lines) - 1, -1, -1):
        if not lines[number].strip():
            end = -1
        elif "-->" in lines[number]:
            end = number
        ends[number] = end
    return ends


def _hidden(line: str, number: int, comment_ends: Sequence[int]) -> int:
    """The first line after a comment that begins within this line and ends further down."""
    begins = line.rfind("<!--")
    if begins < 0 or "-->" in line[begins:] or line.count("`", 0, begins) % 2:
        return 0
    return comment_ends[number + 1] + 1
