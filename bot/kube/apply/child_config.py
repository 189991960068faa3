"""What the child that applies gets beside the artifact: written by the tool, read by `apply_child`."""

import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class ChildConfig:
    """Paths of artifact, results and kubeconfig; `confirm` names what a person let go, as `Kind/name`.

    `timeout` is in seconds, for one question with all its repetitions.
    """

    artifact: str
    results: str
    kubeconfig: str
    context: str | None
    manager: str
    inventory_namespace: str
    timeout: float
    confirm: tuple[str, ...] = ()

    def to_json(self) -> bytes:
        """Dump for `from_json`."""
        return json.dumps(asdict(self)).encode()

    @classmethod
    def from_json(cls, text: bytes) -> "ChildConfig":
        """Load what `to_json` dumped."""
        stored = json.loads(text)
        return cls(**{**stored, "confirm": tuple(stored["confirm"])})
