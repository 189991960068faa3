"""A promise to do something, durable once the engine has it. The id is what makes a repetition find the first."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Job:
    """`kind` names a file in `jobs/`; `args` are strings only, since they outlive the code that wrote them."""

    id: str
    kind: str
    args: Mapping[str, str] = field(default_factory=dict)

    @property
    def root(self) -> str:
        """The id without the number of the try (`~3`): later tries are the same promise."""
        return re.sub(r"~\d+$", "", self.id)
