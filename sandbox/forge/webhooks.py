"""Signed webhooks, sent in order by one thread, never inside the request that caused them. Some are lost on request."""

import hashlib
import hmac
import json
import queue
import threading
import uuid
from typing import Any

import requests

from sandbox.forge import apps
from sandbox.forge.state import App, Delivery, ForgeState, Repo, Webhook

TIMEOUT_SECONDS = 10.0


class Webhooks:
    """The queue of deliveries and its thread; the next `losses_left` are lost."""

    def __init__(self, forge_state: ForgeState) -> None:
        self._world = forge_state
        self._queue: queue.Queue[tuple[Webhook, Delivery]] = queue.Queue()
        self._session = requests.Session()
        self._session.trust_env = False
        self.losses_left = 0
        threading.Thread(target=self._run, name="webhooks", daemon=True).start()

    def send(self, repo: Repo, event: str, payload: dict[str, Any], only: App | None = None) -> None:
        """Queue an event for every hook that wants it, the repository's and those of Apps; or for one App alone."""
        own = [] if only else [hook for hook in repo.hooks.values() if {"*", event} & set(hook.events)]
        targets: list[tuple[Webhook, dict[str, Any]]] = [(hook, {}) for hook in own]
        for hook, extra in targets + apps.webhooks_for(self._world, repo, event, only):
            delivery = Delivery(self._world.new_id(), str(uuid.uuid4()), event, payload | extra)
            hook.deliveries.append(delivery)
            if self.losses_left > 0:
                self.losses_left -= 1
                continue
            self._queue.put((hook, delivery))

    def redeliver(self, hook: Webhook, delivery: Delivery) -> None:
        """Send a delivery once more, under the same id."""
        self._queue.put((hook, delivery))

    def _run(self) -> None:
        while True:
            self._post(*self._queue.get())

    def _post(self, hook: Webhook, delivery: Delivery) -> None:
        body = json.dumps(delivery.payload).encode()
        signature = hmac.new(hook.secret.encode(), body, hashlib.sha256).hexdigest()
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "GitHub-Hookshot/sandbox",
            "X-GitHub-Event": delivery.event,
            "X-GitHub-Delivery": delivery.guid,
            "X-Hub-Signature-256": f"sha256={signature}",
        }
        try:
            answer = self._session.post(hook.url, data=body, headers=headers, timeout=TIMEOUT_SECONDS)
            delivery.status = answer.status_code
        except requests.RequestException:
            delivery.status = 0
