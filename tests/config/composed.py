"""gitops.yaml as the bot reads it: with the keys of all tools that there are."""

from bot.config import repository
from bot.core.project import Configuration
from bot.wiring import load_schema

SCHEMA = load_schema()
TABLES = SCHEMA.tables


def read(text: bytes) -> Configuration:
    return repository.read(text, SCHEMA)
