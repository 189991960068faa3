"""The tables of docs/configuration.md, made from the models: `make docs` renews them, a test says when they are stale.

A row is a field: its name, its default, its description. Where the default's value does not tell, the description has
words for it in parentheses at its head.
"""

import importlib
import pkgutil
import re
import sys
from collections.abc import Iterator
from datetime import timedelta
from enum import Enum
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

import bot.hosts
import bot.tools
from bot.config.schema import FileTable, ProjectTable, RulesTable
from bot.config.settings import Settings
from bot.core.project import Requirement, Rules
from bot.kube.cluster.clusters import ClusterSettings
from tests.docs.reading import TOP

PAGE = TOP / "docs/configuration.md"
MARKED = re.compile(r"(<!-- make docs: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
HEAD = "| {} | default | what it is |\n|---|---|---|\n"
WORDS = re.compile(r"\(([^)]*)\) (.*)", re.DOTALL)
CLUSTER = "KUBERNETES__CLUSTERS__NAME__"
OF_KUBERNETES = ("kubernetes", "helm", "health")
OF_OTHERS = ("defaults", "projects")


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
    return HEAD.format("key") + "".join(_row(key, field) for key, field in FileTable.model_fields.items())


def rules() -> str:
    return HEAD.format("key") + "".join(_keys(RulesTable, default=_rule))


def project() -> str:
    own = {key for key in ProjectTable.model_fields if key not in (*RulesTable.model_fields, *OF_KUBERNETES)}
    return HEAD.format("key") + "".join(_keys(ProjectTable, own))


def kubernetes() -> str:
    return HEAD.format("key") + "".join(_keys(ProjectTable, set(OF_KUBERNETES)))


TABLES = {one.__name__: one for one in (settings, clusters, file, rules, project, kubernetes)}


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
    told = worded[2] if worded else field.description
    shown = worded[1] if worded else _shown(field.default if default is None else default, name.isupper())
    return f"| `{name}` | {shown} | {told.replace('|', '&#124;')} |\n"


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
        "allow": sorted(its.allow),
        "prune.enabled": its.prune,
        "prune.most": its.prune_most,
    }
    return known[name] if name in known else getattr(its, name)


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text()))
    sys.stdout.write(f"{PAGE.relative_to(TOP)} is as the code says\n")
