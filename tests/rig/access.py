"""The way to an API server, read from a kubeconfig: what the tests of a cluster are given.

Made by the `cluster` fixture, whoever's server it is. It starts nothing and ends nothing.
"""

from dataclasses import dataclass
from pathlib import Path

import yaml
from kubernetes import config
from kubernetes.client import ApiClient


@dataclass(frozen=True, slots=True)
class Access:
    """`token` is empty where the kubeconfig proves who it is in another way; `users` are the contexts it has."""

    kubeconfig: Path
    url: str
    token: str
    users: tuple[str, ...]

    @classmethod
    def read(cls, kubeconfig: Path) -> "Access":
        """As the current context has it."""
        content = yaml.safe_load(kubeconfig.read_text())
        contexts = {entry["name"]: entry["context"] for entry in content["contexts"]}
        current = contexts[content["current-context"]]
        url = next(entry["cluster"]["server"] for entry in content["clusters"] if entry["name"] == current["cluster"])
        user = next(entry["user"] for entry in content["users"] if entry["name"] == current["user"])
        return cls(kubeconfig, url, user.get("token", ""), tuple(contexts))

    def client(self, user: str | None = None) -> ApiClient:
        """A client of the Python package; as one of `users`, or as the current context says."""
        made: ApiClient = config.new_client_from_config(str(self.kubeconfig), context=user, persist_config=False)
        return made
