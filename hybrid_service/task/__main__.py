"""``python -m hybrid_service.task -- COMMAND...``: the first program of the container."""

from __future__ import annotations

import logging
import os
import signal
import sys
from types import FrameType

from hybrid_service.aws import Store
from hybrid_service.errors import LeaseLost, ServiceError
from hybrid_service.task import identity
from hybrid_service.task.settings import ALARM_RESERVE, TaskSettings
from hybrid_service.task.supervisor import Supervisor

log = logging.getLogger("hybrid_service")

FAILED, LOST = 1, 3
"""Exit codes: an error, and a service that is another task's."""


def main(arguments: list[str]) -> int:
    """Run the command below a supervisor; return the exit code."""
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s %(message)s", level="INFO")
    words = arguments[1:] if arguments[:1] == ["--"] else arguments
    if not words:
        log.error("there is no command: python -m hybrid_service.task -- COMMAND...")
        return FAILED
    try:
        settings = TaskSettings.from_environment(os.environ)
        # Whatever becomes of this program, the kernel ends it: nothing catches this signal.
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(int(settings.lifetime + settings.stop + ALARM_RESERVE))
        store = Store(settings.bucket, settings.prefix)
        supervisor = Supervisor(settings, identity.find(), words, store)
        _end_on_signals(supervisor)
        log.info("ended: %s", supervisor.run())
    except LeaseLost as error:
        log.error("%s", error)  # noqa: TRY400 - it happens, and is no bug
        return LOST
    except ServiceError as error:
        log.error("%s", error)  # noqa: TRY400 - it says what to do
        return FAILED
    except Exception:
        log.exception("the supervisor failed")
        return FAILED
    return 0


def _end_on_signals(supervisor: Supervisor) -> None:
    def end(number: int, frame: FrameType | None) -> None:
        supervisor.asked_to_end.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
