"""Which repositories we work on: the operator's globs, `!` leaving out, the last match deciding."""

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

    @property
    def names(self) -> tuple[str, ...]:
        """The repositories by name, when no pattern is a glob; empty otherwise."""
        plain = tuple(pattern for pattern in self.patterns if not pattern.startswith("!"))
        return plain if not any(set(pattern) & set("*?[") for pattern in plain) else ()
