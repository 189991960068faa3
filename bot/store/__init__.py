"""The tables and their questions, by topic. One implementation on SQLAlchemy Core serves SQLite and Postgres.

Every function takes an open transaction, so that what belongs together is written together.
"""

from bot.store.database import Purpose, Store

__all__ = ["Purpose", "Store"]
