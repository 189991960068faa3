"""How the forges answer this process: told by the sweep and by jobs, asked by `/readyz` and `/metrics`."""

import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from bot.core.errors import Refused, Unwelcome

# How long a forge may not answer before we say that we cannot work; a token that is not taken is said at once.
PATIENCE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class ForgeState:
    """Of one forge. `failing_since` is the first failure since its last good answer; None when there was none."""

    answered_at: datetime | None = None
    failing_since: datetime | None = None
    message: str = ""
    unwelcome: bool = False
    errors: Mapping[str, int] = field(default_factory=dict)


class ForgeHealth:
    """By name of forge; any thread may tell and ask."""

    def __init__(self) -> None:
        self._states: dict[str, ForgeState] = {}
        self._lock = threading.Lock()

    def record_answer(self, forge: str) -> bool:
        """It answered as it should; true when it had failed before."""
        with self._lock:
            state = self._states.get(forge, ForgeState())
            self._states[forge] = ForgeState(answered_at=datetime.now(UTC), errors=state.errors)
        return state.failing_since is not None

    def record_error(self, forge: str, error: Exception) -> None:
        """It did not."""
        kind = "unwelcome" if isinstance(error, Unwelcome) else "refused" if isinstance(error, Refused) else "transient"
        with self._lock:
            state = self._states.get(forge, ForgeState())
            self._states[forge] = replace(
                state,
                failing_since=state.failing_since or datetime.now(UTC),
                message=str(error),
                unwelcome=kind == "unwelcome",
                errors=Counter(state.errors) + Counter([kind]),
            )

    def states(self) -> Mapping[str, ForgeState]:
        """Each forge as it was last heard of."""
        with self._lock:
            return dict(self._states)

    def unready_reason(self) -> str | None:
        """Why we cannot work for a forge; None when all answer, or may soon."""
        for forge, state in self.states().items():
            if state.failing_since and (state.unwelcome or datetime.now(UTC) - state.failing_since > PATIENCE):
                return f"{forge} does not work for us since {state.failing_since:%Y-%m-%d %H:%M} UTC: {state.message}"
        return None
