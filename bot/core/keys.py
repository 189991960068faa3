"""What names things across processes and forges: text in the store, in JSON and in a job's arguments."""

from dataclasses import dataclass
from typing import Any

_REVIEW = "review-"


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
    """A comment, named together with its pull request as some forges need it.

    `id` is the forge's own, which no other comment of the repository has; of a review's words it is the review's,
    which they are told by.
    """

    pull: PullKey
    id: str

    @classmethod
    def of_review(cls, pull: PullKey, review: str) -> "CommentRef":
        """The words of that review."""
        return cls(pull, f"{_REVIEW}{review}")

    @property
    def review(self) -> str | None:
        """The review whose words they are; None of a comment."""
        return self.id.removeprefix(_REVIEW) if self.id.startswith(_REVIEW) else None


class CommentSlot(str):
    """A comment that is written again and again: a pull's one plan comment, or an apply run's own."""

    __slots__ = ()

    PLANS, APPLIES = "plan", "apply"

    @classmethod
    def plan(cls, pull: PullKey) -> "CommentSlot":
        """The slot that shows the pull's newest plan run."""
        return cls(f"{cls.PLANS}:{pull}")

    @classmethod
    def apply(cls, run: str) -> "CommentSlot":
        """The slot that shows the apply run."""
        return cls(f"{cls.APPLIES}:{run}")

    @property
    def pull(self) -> PullKey | None:
        """The pull whose plans it shows; None where it shows an apply."""
        kind, _, key = self.partition(":")
        return PullKey(key) if kind == self.PLANS else None

    @property
    def run(self) -> str | None:
        """The apply run that it shows; None where it shows plans."""
        kind, _, key = self.partition(":")
        return key if kind == self.APPLIES else None

    @property
    def marker(self) -> str:
        """What the forge's comment is marked with: a pull has one plan comment, and one for each apply."""
        return self.PLANS if self.pull is not None else str(self)
