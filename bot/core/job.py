"""A promise to do something, durable once the engine has it. Made by `promises`; its id lets a repetition find it."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.core.keys import CommentRef, CommentSlot, PullKey
from bot.core.run import Selection
from bot.core.trigger import Trigger


@dataclass(frozen=True, slots=True)
class Job:
    """`kind` names a file in `jobs/`; `args` are strings only, since they outlive the code that wrote them.

    What an argument means is read here; a kind that is promised without it raises KeyError when it asks.
    """

    id: str
    kind: str
    args: Mapping[str, str] = field(default_factory=dict)

    @property
    def root(self) -> str:
        """The id without the number of the try (`~3`): later tries are the same promise."""
        return re.sub(r"~\d+$", "", self.id)

    @property
    def repository(self) -> str:
        """The repository's key."""
        return self.args["repository"]

    @property
    def has_repository(self) -> bool:
        """It names the repository that it is about."""
        return "repository" in self.args

    @property
    def pull(self) -> PullKey:
        """The pull request that it is about."""
        return PullKey.of(self.repository, int(self.args["number"]))

    @property
    def has_pull(self) -> bool:
        """It is about one pull request."""
        return "number" in self.args

    @property
    def run(self) -> str:
        """The run that it is about."""
        return self.args["run"]

    @property
    def place(self) -> str:
        """The place of the run's row."""
        return self.args["place"]

    @property
    def asked_by(self) -> str:
        """The login of who asked, or the bot's name."""
        return self.args["asked_by"]

    @property
    def slot(self) -> CommentSlot:
        """The comment slot that it writes."""
        return CommentSlot(self.args["topic"])

    @property
    def swept(self) -> bool:
        """The sweep promised it, of what may have been dealt with long ago."""
        return "swept" in self.args

    @property
    def trigger(self) -> Trigger:
        """Why it was promised."""
        return Trigger.parse(self.args["why"])

    @property
    def selection(self) -> Selection:
        """Which projects it is about: all of them where nobody chose."""
        fields: dict[str, Any] = json.loads(self.args.get("selection", "{}"))
        return Selection(
            names=tuple(fields.get("names", ())),
            dirs=tuple(fields.get("dirs", ())),
            workspaces=tuple(fields.get("workspaces", ())),
            destroy=bool(fields.get("destroy", False)),
            confirmed=tuple(fields.get("confirmed", ())),
        )

    @property
    def comment(self) -> CommentRef | None:
        """The comment that asked, where one did."""
        id = self.trigger.comment_id if "why" in self.args else None
        return CommentRef(self.pull, id) if id else None

    @property
    def unread_comment(self) -> CommentRef:
        """The comment whose commands are to be read."""
        return CommentRef(self.pull, self.args["comment"])
