"""What the child that applies is told beside the artifact: written by the tool, read by `carry_out`."""

import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Errand:
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

    def dumped(self) -> bytes:
        return json.dumps(asdict(self)).encode()

    @classmethod
    def loaded(cls, text: bytes) -> "Errand":
        words = json.loads(text)
        return cls(**{**words, "confirm": tuple(words["confirm"])})
