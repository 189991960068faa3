"""`POST /webhooks/<host>`: verify, parse, record, answer 202. The intake does the rest, now or when it stands again.

Bodies and signatures are never logged.
"""

import logging
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from flask import Blueprint, abort, request
from werkzeug.datastructures import Headers
from werkzeug.exceptions import HTTPException

from bot.core.errors import Refused, Transient
from bot.ports import Delivery, Host
from bot.server.doors import doors
from bot.server.metrics import metrics
from bot.store import inbox

LARGEST_BODY = 25 * 1024 * 1024

logger = logging.getLogger(__name__)
webhooks = Blueprint("webhooks", __name__)


class _AnyCase(Mapping[str, str]):
    """Headers as a mapping that does not mind upper and lower case, as the protocol has it."""

    def __init__(self, headers: Headers) -> None:
        self._headers = headers

    def __getitem__(self, name: str) -> str:
        return self._headers[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._headers.keys())

    def __len__(self) -> int:
        return len(self._headers)


@webhooks.post("/webhooks/<name>")
def receive(name: str) -> tuple[str, int]:
    host = doors().hosts.get(name)
    if host is None:
        abort(404, f"No forge is known here as {name}.")
    request.max_content_length = LARGEST_BODY
    try:
        delivery = _parsed(host, request.get_data(cache=False))
    except HTTPException:
        metrics().delivered(name, "refused")
        raise
    try:
        result = _recorded(name, delivery)
    except Transient as why:
        metrics().delivered(name, "unrecorded")
        logger.error("delivery %s of %s was not recorded: %s", delivery.id, name, why)
        abort(503, "The delivery could not be recorded. Send it again later.")
    metrics().delivered(name, result)
    logger.info("delivery %s of %s: %s", delivery.id, name, result, extra={"delivery": delivery.id})
    return f"{result}\n", 202


def _parsed(host: Host, body: bytes) -> Delivery:
    try:
        return host.parse(_AnyCase(request.headers), body)
    except PermissionError:
        abort(401, "The signature is missing or is not made with our secret.")
    except Refused as error:
        abort(403, str(error))
    except ValueError:
        abort(400, "The body is not a delivery that we can read.")


def _recorded(name: str, delivery: Delivery) -> str:
    if delivery.event is None:
        return "ignored"
    opened = doors()
    with opened.store.begin() as tx:
        new = inbox.receive(tx, f"{name}:{delivery.id}", delivery.event, datetime.now(UTC))
    opened.arrived()
    return "recorded" if new else "known"
