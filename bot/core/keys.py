"""What names things across processes and forges: text in the store, in JSON and in a job's arguments."""

from dataclasses import dataclass
from typing import Any


class PullKey(str):
    """A pull request among all forges, `github:4711#7`: its repository's key and its number there."""

    __slots__ = ()

    @classmethod
    def of(cls, repository: str, number: int) -> "PullKey":
        """The key of that repository's pull request."""
        return cls(f"{repository}#{number}")

    @property
    def repository(self) -> str:
        """The repository's key: `github:4711`."""
        return self.rpartition("#")[0]

    @property
    def number(self) -> int:
        """The number that people see."""
        return int(self.rpartition("#")[2])

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> dict[str, Any]:
        """In JSON it is text."""
        return {
            "type": "function-after",
            "function": {"type": "no-info", "function": cls},
            "schema": handler(str),
        }


@dataclass(frozen=True, slots=True)
class CommentRef:
    """A comment, named together with its pull request as some forges need it. `id` is the forge's own."""

    pull: PullKey
    id: str
