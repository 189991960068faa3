"""Who we are for a cluster, as its kubeconfig says: read anew when the server takes that no longer. Thread-safe.

The kubernetes package reads the kubeconfig and authenticates (certificates, tokens, exec plug-ins). By itself it renews
only tokens that say when they end: not a token file that is written anew, nor a plug-in's certificate. Used by
`transport`.
"""

import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from bot.core.errors import Refused

RENEW_SECONDS = 10.0  # a plug-in may be slow, and each of many threads is refused


class Credentials:
    """One identity. Making and renewing it raise Refused where the kubeconfig cannot be used."""

    def __init__(self, name: str, kubeconfig: Path, context: str | None, threads: int) -> None:
        self._load: Callable[[], Any] = partial(_load_api_client, name, kubeconfig, context, threads)
        self._lock = threading.Lock()
        self._not_before = 0.0
        self.api = self._load()

    def renew(self, refused_api: Any) -> bool:
        """Read the kubeconfig anew, if it was not just now, and tell whether `api` is another than the refused one."""
        with self._lock:
            if self.api is refused_api and time.monotonic() >= self._not_before:
                self._not_before = time.monotonic() + RENEW_SECONDS
                self.api = self._load()
            return self.api is not refused_api


def _load_api_client(name: str, kubeconfig: Path, context: str | None, threads: int) -> Any:
    from kubernetes import client, config
    from kubernetes.config import ConfigException

    configuration = client.Configuration()
    configuration.connection_pool_maxsize = threads
    configuration.retries = False
    configuration.proxy = None
    try:
        load: Callable[..., None] = config.load_kube_config
        load(str(kubeconfig), context=context, client_configuration=configuration)
    except (ConfigException, OSError, ValueError) as error:
        raise Refused(f"the kubeconfig of cluster {name} cannot be used: {error}") from error
    if not (configuration.api_key or configuration.cert_file) and _has_plugin(kubeconfig, context):
        raise Refused(f"the credential plug-in in the kubeconfig of cluster {name} gave nothing to go by")
    return client.ApiClient(configuration)


def _has_plugin(kubeconfig: Path, context: str | None) -> bool:
    """Whether an exec plug-in says who we are: when it fails, the package only logs that, and asks as nobody."""
    content = yaml.safe_load(kubeconfig.read_text())
    contexts = {row["name"]: row["context"] for row in content["contexts"]}
    user = contexts[context or content["current-context"]].get("user")
    return any(account["name"] == user and "exec" in account["user"] for account in content.get("users") or ())
