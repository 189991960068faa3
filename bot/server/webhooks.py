"""`POST /webhooks/<host>`: verify, parse, record, answer 202. The intake does the rest, now or when it stands again.

Bodies and signatures are never logged.
"""

import logging
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from flask import Blueprint, abort, request
from werkzeug.datastructures import Headers
from werkzeug.exceptions import HTTPException

from bot.core.decide import is_of_interest
from bot.core.errors import Refused, Transient
from bot.ports import Delivery, Host
from bot.server.dependencies import dependencies
from bot.server.metrics import current_metrics
from bot.store import deliveries

LARGEST_BODY = 25 * 1024 * 1024

logger = logging.getLogger(__name__)
webhooks = Blueprint("webhooks", __name__)


class _HeaderMapping(Mapping[str, str]):
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
    """Record the delivery and answer 202; 401, 403 or 400 where the forge's adapter takes it for none."""
    host = dependencies().hosts.get(name)
    if host is None:
        abort(404, f"No forge is known here as {name}.")
    request.max_content_length = LARGEST_BODY
    try:
        delivery = _parse(host, request.get_data(cache=False))
    except HTTPException:
        current_metrics().count_delivery(name, "refused")
        raise
    try:
        result = _record(name, delivery)
    except Transient as error:
        current_metrics().count_delivery(name, "unrecorded")
        logger.error("delivery %s of %s was not recorded: %s", delivery.id, name, error)
        abort(503, "The delivery could not be recorded. Send it again later.")
    current_metrics().count_delivery(name, result)
    logger.info("delivery %s of %s: %s", delivery.id, name, result, extra={"delivery": delivery.id})
    return f"{result}\n", 202


def _parse(host: Host, body: bytes) -> Delivery:
    try:
        return host.parse(_HeaderMapping(request.headers), body)
    except PermissionError:
        abort(401, "The signature is missing or is not made with our secret.")
    except Refused as error:
        abort(403, str(error))
    except ValueError:
        abort(400, "The body is not a delivery that we can read.")


def _record(name: str, delivery: Delivery) -> str:
    if delivery.event is None or not is_of_interest(delivery.event):
        return "ignored"
    app = dependencies()
    with app.store.begin() as tx:
        new = deliveries.receive(tx, f"{name}:{delivery.id}", delivery.event, datetime.now(UTC))
    app.wake_intake()
    return "recorded" if new else "known"
