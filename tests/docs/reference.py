"""The tables of docs/configuration.md, made from the models: `make docs` renews them, a test says when they are stale.

A row is a field: its name, its default, its description. Where the default's value does not tell, the description has
words for it in parentheses at its head. What a tool's package declares stands in the table of that name where the page
has one, else in the one of all projects.
"""

import importlib
import pkgutil
import re
import sys
from collections.abc import Iterator
from datetime import timedelta
from enum import Enum
from functools import partial
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

import bot.hosts
import bot.tools
from bot.config.schema import ProjectTable, RulesTable
from bot.config.settings import Settings
from bot.core.project import Requirement, Rules
from bot.kube.cluster.clusters import ClusterSettings
from bot.wiring import load_schema
from tests.docs.reading import TOP

PAGE = TOP / "docs/configuration.md"
MARKED = re.compile(r"(<!-- make docs: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
HEAD = "| {} | default | what it is |\n|---|---|---|\n"
WORDS = re.compile(r"\(([^)]*)\) (.*)", re.DOTALL)
CLUSTER = "KUBERNETES__CLUSTERS__NAME__"
SCHEMA = load_schema()


def page(text: str) -> str:
    """The page with what stands between its markers made anew."""
    return MARKED.sub(lambda found: f"{found[1]}{TABLES[found[2]]()}{found[3]}", text)


def sections() -> dict[str, type[BaseModel]]:
    """The settings of every forge and tool that has some, by its name: what is found in the folders."""
    found = {}
    for folder in (bot.hosts, bot.tools):
        for provider in pkgutil.iter_modules(folder.__path__):
            package = importlib.import_module(f"{folder.__name__}.{provider.name}")
            if any(one.name == "settings" for one in pkgutil.iter_modules(getattr(package, "__path__", []))):
                module = importlib.import_module(f"{package.__name__}.settings")
                [found[provider.name.upper()]] = [
                    its
                    for its in vars(module).values()
                    if isinstance(its, type) and its.__module__ == module.__name__ and its.__name__.endswith("Settings")
                ]
    return found


def settings() -> str:
    rows = [row for name, field in Settings.model_fields.items() for row in _setting(name.upper(), field)]
    for section, model in sections().items():
        rows += [_row(f"{section}__{key.upper()}", field) for key, field in model.model_fields.items()]
    return HEAD.format("name") + "".join(rows)


def clusters() -> str:
    fields = ClusterSettings.model_fields.items()
    return HEAD.format("name") + "".join(_row(f"{CLUSTER}{key.upper()}", field) for key, field in fields)


def file() -> str:
    return HEAD.format("key") + "".join(_row(key, field) for key, field in SCHEMA.file.model_fields.items())


def rules() -> str:
    return HEAD.format("key") + "".join(_keys(SCHEMA.tables["defaults",], default=_rule))


def project() -> str:
    own = ProjectTable.model_fields.keys() - RulesTable.model_fields.keys()
    packages = [keys for keys in SCHEMA.option_keys if keys.name not in with_tables()]
    rows = [*_keys(ProjectTable, own), *(row for keys in packages for row in _keys(keys.table))]
    return HEAD.format("key") + "".join(rows)


def package(name: str) -> str:
    """What one package declares of projects."""
    [keys] = [keys for keys in SCHEMA.option_keys if keys.name == name]
    return HEAD.format("key") + "".join(_keys(keys.table))


def with_tables() -> set[str]:
    """The packages that have a table of their own on the page."""
    names = {found[2] for found in MARKED.finditer(PAGE.read_text())}
    return names & {keys.name for keys in SCHEMA.option_keys}


TABLES = {one.__name__: one for one in (settings, clusters, file, rules, project)}
TABLES |= {name: partial(package, name) for name in with_tables()}


def _setting(name: str, field: FieldInfo) -> Iterator[str]:
    inner = _model(field)
    if inner is None:
        yield _row(name, field)
        return
    for key, its in inner.model_fields.items():
        yield _row(f"{name}__{key.upper()}", its)


def _keys(table: type[BaseModel], only: set[str] | None = None, default: Any = None, above: str = "") -> Iterator[str]:
    """A row a key; those of inner tables as `outer.inner`, of lists of tables as `outer[].inner`."""
    for key, field in table.model_fields.items():
        if only and key not in only:
            continue
        name, inner = f"{above}{key}", _model(field)
        if field.description:
            yield _row(name, field, default(name) if default else None)
        if inner:
            several = "[]" if "list" in str(field.annotation) else ""
            yield from _keys(inner, None, default, f"{name}{several}.")


def _model(field: FieldInfo) -> type[BaseModel] | None:
    """The model that the field holds, or holds a list of."""
    found = (field.annotation, *get_args(field.annotation))
    return next((one for one in found if isinstance(one, type) and issubclass(one, BaseModel)), None)


def _row(name: str, field: FieldInfo, default: object = None) -> str:
    assert field.description, f"{name} has no description: write one where the field is defined"
    worded = WORDS.match(field.description)
    told = (worded[2] if worded else field.description).replace("{tools}", _tools())
    shown = worded[1] if worded else _shown(field.default if default is None else default, name.isupper())
    return f"| `{name}` | {shown} | {told.replace('|', '&#124;')} |\n"


def _tools() -> str:
    *names, last = (f"`{provider.name}`" for provider in pkgutil.iter_modules(bot.tools.__path__))
    return f"{', '.join(names)} or {last}"


def _shown(value: object, setting: bool) -> str:
    """A default as people write it."""
    if value is PydanticUndefined:
        return "needed"
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    if value is None or value in ("", ()):
        return "none"
    if isinstance(value, list | tuple):
        words = [str(getattr(one, "value", one)) for one in value]
        return f"`{','.join(words)}`" if setting else f"`[{', '.join(words)}]`"
    return f"`{_plain(value)}`"


def _plain(value: object) -> str:
    if isinstance(value, timedelta):
        seconds = int(value.total_seconds())
        size, unit = next((size, unit) for size, unit in ((3600, "h"), (60, "m"), (1, "s")) if not seconds % size)
        return f"{seconds // size}{unit}"
    if isinstance(value, Path):
        return f"./{value}"
    if isinstance(value, Enum):
        return str(value.value)
    return str(value).lower() if isinstance(value, bool) else f"{value:g}" if isinstance(value, float) else str(value)


def _rule(name: str) -> object:
    """A rule's default: that of the rules which decide, since in the file it may be left out."""
    its = Rules()
    known: dict[str, object] = {
        "require": [one for one in Requirement if one in its.require],
        "approvals.count": its.approvals,
    }
    if name in known or hasattr(its, name):
        return known[name] if name in known else getattr(its, name)
    packages = [keys.of(its) for keys in SCHEMA.rule_keys]
    given = next((getattr(one, name) for one in packages if hasattr(one, name)), None)
    return sorted(given) if isinstance(given, frozenset) else given


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text()))
    sys.stdout.write(f"{PAGE.relative_to(TOP)} is as the code says\n")
