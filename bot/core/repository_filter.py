"""Which repositories we work on: the operator's globs, `!` leaving out, the last match deciding."""

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase


@dataclass(frozen=True, slots=True)
class RepositoryFilter:
    """A predicate on repository names, made from the operator's patterns."""

    patterns: tuple[str, ...]

    def __call__(self, name: str) -> bool:
        """No pattern allows nothing. Names are compared without case, as the forge does."""
        allowed = False
        for pattern in self.patterns:
            excluded, glob = pattern.startswith("!"), pattern.removeprefix("!")
            if name and fnmatchcase(name.lower(), glob.lower()):
                allowed = not excluded
        return allowed

    def fitting_none(self, names: Iterable[str]) -> tuple[str, ...]:
        """The patterns that leave nothing out and that none of these repositories fits."""
        lower_names = [name.lower() for name in names]
        wanted = (pattern for pattern in self.patterns if not pattern.startswith("!"))
        return tuple(
            pattern for pattern in wanted if not any(fnmatchcase(name, pattern.lower()) for name in lower_names)
        )

    @property
    def names(self) -> tuple[str, ...]:
        """The repositories by name, when no pattern is a glob; empty otherwise."""
        plain = tuple(pattern for pattern in self.patterns if not pattern.startswith("!"))
        return plain if not any(set(pattern) & set("*?[") for pattern in plain) else ()
