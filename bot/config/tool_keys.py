"""What a tool's package declares of gitops.yaml: its keys, what they may say, their defaults, what becomes of them.

`wiring` gathers the declarations (`KEYS` of each package in `tools/`), `config.schema` composes the file's schema from
them, and docs/configuration.md its tables. Projects and rules keep what was said as plain data: the package reads it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter

from bot.config.values import Table
from bot.core.project import Project, Rules

Keys = TypeVar("Keys", bound=Table)
Options = TypeVar("Options")


@dataclass(frozen=True, slots=True)
class OptionKeys(Generic[Keys, Options]):
    """Keys of a project that say what there is: read from the merge result.

    `table` has a field for each key. A project keeps them under `name`, as the fields of `options`, a frozen dataclass
    whose defaults are theirs. `files` are those fields that name files which must be there.
    """

    name: str
    table: type[Keys]
    options: type[Options]
    convert: Callable[[Keys], Options]
    files: tuple[str, ...] = ()
    digests_defaults: bool = False
    """Part of the digest of a plan's rules also where nothing is said, as before packages declared their keys."""

    def of(self, project: Project) -> Options:
        """What gitops.yaml says of the project."""
        return _load(self.options, project.options.get(self.name, {}))

    def dump(self, options: Options) -> dict[str, object]:
        """The options as a project keeps them; defaults are not kept."""
        return {self.name: _dump(self.options, options)} if options != self.options() else {}

    def complete(self, project: Project) -> dict[str, object]:
        """The project's options as it keeps them, its defaults too."""
        return {self.name: _dump(self.options, self.of(project))}

    def digest_parts(self, project: Project) -> tuple[object, ...]:
        """What a digest of the project takes in."""
        options = self.of(project)
        return (options,) if self.digests_defaults or options != self.options() else ()


@dataclass(frozen=True, slots=True)
class RuleKeys(Generic[Keys, Options]):
    """Keys that say what must hold, of a project or under `defaults`: read from the base branch.

    `table` has a field for each key, None where it is not said. Rules keep them as the fields of `options`, a frozen
    dataclass whose defaults are the careful ones. `convert` fills what is not said from the defaults of the file.
    """

    table: type[Keys]
    options: type[Options]
    convert: Callable[[Keys, Options], Options]
    choose_strictest: Callable[[Sequence[Options]], Options]
    describe_changes: Callable[[Options, Options], Iterator[str]]
    digests_defaults: bool = False
    """As of `OptionKeys`."""

    def of(self, rules: Rules) -> Options:
        """What must hold by the rules."""
        return _load(self.options, rules.options)

    def dump(self, options: Options) -> dict[str, object]:
        """The options as rules keep them; defaults are not kept."""
        return _dump(self.options, options) if options != self.options() else {}

    def complete(self, rules: Rules) -> dict[str, object]:
        """The rules' options as they keep them, their defaults too."""
        return _dump(self.options, self.of(rules))

    def digest_parts(self, rules: Rules) -> tuple[object, ...]:
        """What a digest of the rules takes in."""
        options = self.of(rules)
        if not self.digests_defaults and options == self.options():
            return ()
        fields = (getattr(options, name) for name in _dump(self.options, options))
        return tuple(sorted(field) if isinstance(field, frozenset) else field for field in fields)

    def strictest(self, rule_sets: Sequence[Rules]) -> Mapping[str, object]:
        """Whatever any of them asks for, as rules keep it."""
        return self.dump(self.choose_strictest([self.of(rules) for rules in rule_sets]))

    def differences(self, before: Rules, after: Rules) -> Iterator[str]:
        """Halves of sentences on what will hold."""
        return self.describe_changes(self.of(before), self.of(after))


ToolKeys = OptionKeys[Any, Any] | RuleKeys[Any, Any]


def _load(options: type[Options], stored: object) -> Options:
    adapter: TypeAdapter[Options] = _adapter(options)  # type: ignore[arg-type]  # types are hashable
    return adapter.validate_python(stored)


def _dump(options: type[Options], value: Options) -> dict[str, object]:
    """Plain data; sets in order, for equal options are kept alike."""
    adapter: TypeAdapter[Options] = _adapter(options)  # type: ignore[arg-type]  # types are hashable
    dumped: dict[str, object] = adapter.dump_python(value, mode="json")
    sets = {name for name in dumped if isinstance(getattr(value, name), frozenset)}
    return {
        name: sorted(plain) if name in sets and isinstance(plain, list) else plain for name, plain in dumped.items()
    }


@cache
def _adapter(options: Any) -> TypeAdapter[Any]:
    return TypeAdapter(options)
