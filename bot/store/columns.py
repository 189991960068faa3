"""How values stand in columns: moments with their time zone, frozen dataclasses as JSON. Used by the store alone."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any, TypeVar

import sqlalchemy as sa
from pydantic import TypeAdapter
from pydantic_core import PydanticSerializationError

T = TypeVar("T")


class UtcDateTime(sa.types.TypeDecorator[datetime]):
    """A UTC moment to the microsecond. SQLite keeps no time zone, so what is read gets it back."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None or value.tzinfo:
            return value
        return value.replace(tzinfo=UTC)


class SafeText(sa.TypeDecorator[str]):
    """Text as every database takes it: tools and git may hand over halves of characters and zeros."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> str | None:
        return _replace_surrogates(value).replace("\0", "\N{REPLACEMENT CHARACTER}") if value else value


def dump(kind: Any, value: object) -> str:
    """`value`, of type `kind` (which may be a union), as JSON."""
    try:
        return _adapter(kind).dump_json(value).decode()
    except PydanticSerializationError:
        return _replace_surrogates(json.dumps(_adapter(kind).dump_python(value, mode="json"), ensure_ascii=False))


def load(kind: type[T], text: str) -> T:
    """The value of type `kind` from the JSON that `dump` wrote."""
    loaded: T = _adapter(kind).validate_json(text)  # type: ignore[arg-type]  # types are hashable
    return loaded


def upsert(tx: sa.Connection, table: sa.Table, key: Mapping[str, object], values: Mapping[str, object]) -> None:
    """Insert the row, or give the one with that key these values."""
    insert = _insert(tx, table).values(**key, **values)
    tx.execute(insert.on_conflict_do_update(index_elements=list(key), set_=dict(values)))


def insert_new(tx: sa.Connection, table: sa.Table, **values: object) -> bool:
    """Insert the row; false, and nothing changed, when its key is taken."""
    insert = _insert(tx, table).values(**values).on_conflict_do_nothing()
    return tx.execute(insert.returning(*table.primary_key.columns)).first() is not None


def _insert(tx: sa.Connection, table: sa.Table) -> Any:
    if tx.dialect.name == "postgresql":
        from sqlalchemy.dialects.postgresql import insert as postgres_insert

        return postgres_insert(table)
    from sqlalchemy.dialects.sqlite import insert as sqlite_insert

    return sqlite_insert(table)


def _replace_surrogates(text: str) -> str:
    return text.encode(errors="replace").decode()


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)
