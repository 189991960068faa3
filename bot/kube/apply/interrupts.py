"""An interrupt that is heard wherever an apply waits: what is being sent is finished, nothing more is begun."""

import threading
from dataclasses import dataclass, field


class Interrupted(Exception):
    """Somebody asked the apply to stop while it waited."""


@dataclass(frozen=True, slots=True)
class StopSignal:
    """Set when somebody asks the apply to stop."""

    event: threading.Event = field(default_factory=threading.Event)

    @property
    def requested(self) -> bool:
        """Whether somebody asked the apply to stop."""
        return self.event.is_set()

    def wait(self, seconds: float) -> None:
        """Let time pass. Raises Interrupted when the apply is asked to stop."""
        if self.event.wait(seconds):
            raise Interrupted
