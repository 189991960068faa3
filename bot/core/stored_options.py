"""How a dataclass with options of others is stored: beside its own fields, as when they were fields of its own.

Used by `core.project`. pydantic asks for it when the store first reads or writes one; nothing is imported before.
"""

from dataclasses import fields
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydantic_core import CoreSchema


def store_beside(cls: type[Any], name: str, schema: "CoreSchema") -> "CoreSchema":
    """The schema of a dataclass whose field `name` is a mapping that has no name of its own in what is stored."""
    from pydantic_core import core_schema

    own = frozenset(field.name for field in fields(cls)) - {name}

    def gather(stored: Any) -> Any:
        if not isinstance(stored, dict):
            return stored
        options = {key: plain for key, plain in stored.items() if key not in own}
        return {key: plain for key, plain in stored.items() if key in own} | {name: options}

    def spread(instance: Any, dump: core_schema.SerializerFunctionWrapHandler) -> dict[str, Any]:
        dumped: dict[str, Any] = dump(instance)
        options: dict[str, Any] = dumped.pop(name)
        return dumped | options

    serialization = core_schema.wrap_serializer_function_ser_schema(spread, schema=schema)
    return core_schema.no_info_before_validator_function(gather, schema, serialization=serialization)
