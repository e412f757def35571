"""Push the image that this build was started for; the log is what people read of it."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping

from builder.aws.images import Registries
from builder.aws.session import Credentials, Session
from builder.aws.store import Store
from builder.errors import LayerError
from builder.images.order import Order
from builder.protocol.variables import PUSH_VARIABLE
from builder.pusher.image import carry_out

log = logging.getLogger("builder.pusher")


def main(environment: Mapping[str, str] = os.environ) -> int:
    """Carry the order out; return the exit code."""
    try:
        order = Order.from_json(environment.get(PUSH_VARIABLE, ""))
        session = Session(Credentials())
        store = Store(session, order.bucket)
        pushed = carry_out(order, store, Registries(session), log.info)
    except LayerError as error:
        log.error("ERROR: %s", error)  # noqa: TRY400 - its message says all
        return 1
    log.info("pushed %s", pushed.reference)
    return 0


if __name__ == "__main__":
    logging.basicConfig(format="%(message)s", level=logging.WARNING, stream=sys.stdout)
    log.setLevel(logging.INFO)
    sys.exit(main())
