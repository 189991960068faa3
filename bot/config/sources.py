"""Where settings come from: GITOPS_BOT_… variables and one TOML file, each as a nested mapping that knows its names.

Read by `config.settings`. Touches no environment but the one it is given.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.core.errors import Refused

PREFIX = "GITOPS_BOT_"
CONFIG_VARIABLE = f"{PREFIX}CONFIG"

Keys = tuple[str, ...]

# What Kubernetes puts into every pod of a namespace that has a Service called gitops-bot.
_SERVICE_VARIABLE = re.compile(r"SERVICE_HOST|SERVICE_PORT(_.*)?|PORT(_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?")
_SECRET_FILE = re.compile(r"(.*_)?(key|keys|password|secret|token)_file")


@dataclass(frozen=True, slots=True)
class SettingsSource:
    """Settings from one place. `names` tells for each what it is called there, for errors."""

    values: Mapping[Keys, object]
    names: Mapping[Keys, str]


def read_variables(environment: Mapping[str, str]) -> SettingsSource:
    """GITOPS_BOT_SERVER__URL is server.url. Empty variables are as good as none."""
    names = {
        tuple(name.removeprefix(PREFIX).lower().split("__")): name
        for name, value in environment.items()
        if name.startswith(PREFIX)
        and name != CONFIG_VARIABLE
        and value
        and not _SERVICE_VARIABLE.fullmatch(name.removeprefix(PREFIX))
    }
    return SettingsSource({keys: environment[name] for keys, name in names.items()}, names)


def read_toml(path: Path) -> SettingsSource:
    """The file's keys. Raises Refused when it is missing or no TOML."""
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise Refused(f"the settings file {path} cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Refused(f"the settings file {path} is no TOML: {error}") from error
    values = _flatten(content, ())
    return SettingsSource(values, {keys: f"{'.'.join(keys)} in {path}" for keys in values})


def merge(weaker: SettingsSource, stronger: SettingsSource) -> SettingsSource:
    """Both sources' settings; where both have one, the stronger's counts."""
    return SettingsSource({**weaker.values, **stronger.values}, {**weaker.names, **stronger.names})


def resolve_files(source: SettingsSource, cwd: Path, extra_keys: frozenset[Keys] = frozenset()) -> SettingsSource:
    """Put the content of `…_FILE` in place of it: for secrets by their name, and for `extra_keys`.

    Raises Refused when both are given or the file cannot be read.
    """
    values, names = dict(source.values), dict(source.names)
    for keys, path in source.values.items():
        target = (*keys[:-1], keys[-1].removesuffix("_file"))
        if not (_SECRET_FILE.fullmatch(keys[-1]) or (keys[-1].endswith("_file") and target in extra_keys)):
            continue
        if target in values:
            raise Refused(f"{names[target]} and {names[keys]} are both given: take one away")
        values[target], names[target] = _read_content(cwd / str(path), names[keys]), names[keys]
        del values[keys], names[keys]
    return SettingsSource(values, names)


def nest(values: Mapping[Keys, object]) -> dict[str, object]:
    """The mapping of mappings. What is both a value and a table becomes a table, for its model to refuse."""
    tree: dict[str, object] = {}
    for keys in sorted(values):
        table = tree
        for key in keys[:-1]:
            inner = table.get(key)
            if not isinstance(inner, dict):
                inner = table[key] = {}
            table = inner
        table[keys[-1]] = values[keys]
    return tree


def _flatten(table: Mapping[str, object], prefix: Keys) -> dict[Keys, object]:
    flattened: dict[Keys, object] = {}
    for key, value in table.items():
        keys = (*prefix, key.lower())
        flattened.update(_flatten(value, keys) if isinstance(value, dict) else {keys: value})
    return flattened


def _read_content(path: Path, name: str) -> str:
    try:
        content = path.read_text("utf-8").strip("\r\n")
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise Refused(f"{name} names {path}, which cannot be read") from error
    if not content:
        raise Refused(f"{name} names {path}, which is empty")
    return content
