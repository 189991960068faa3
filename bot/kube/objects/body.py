"""What a manifest or a cluster says of an object: its JSON, read and never changed."""

from collections.abc import Mapping
from typing import Any

Body = Mapping[str, Any]
