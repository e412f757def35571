"""Releases through a proxy that throttles, refuses and cuts off."""

from __future__ import annotations

import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from embedded.aws import EmbeddedAws
from tests.soak.found import Found
from tests.soak.place import Place
from tests.soak.proxy import Proxy, Throttle
from tests.soak.zygote import Process, Zygote

PUBLISHING = (
    ("429",) * 3,
    ("503",) * 2,
    ("lost",) * 2,
    ("done",),
    ("500 done",),
    ("503", "done"),
    ("429", "lost", "500"),
)
"""What happens one after the other to PublishLayerVersion (tests/soak/proxy.py)."""


@dataclass
class Script:
    """The faults of one operation, one after the other; then there are none."""

    operation: str
    left: list[str]
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, operation: str, _path: str) -> str:
        """Return the fault of a call."""
        with self.lock:
            return self.left.pop(0) if operation == self.operation and self.left else ""


def publishing(aws: EmbeddedAws, zygote: Zygote, root: Path, faults: tuple[str, ...]) -> Found:
    """Release a layer while PublishLayerVersion goes wrong."""
    place = Place(aws, Path(tempfile.mkdtemp(dir=root)))
    script = Script("PublishLayerVersion", list(faults))
    with Proxy(aws.url, script) as proxy:
        environment = {**place.environment(), "AWS_ENDPOINT_URL_LAMBDA": proxy.url}
        process = zygote.start(environment, argv=place.build(), hurry=True)
        code = process.exit_code()
    trouble = f"it ended with {code}: {process.stderr[-500:]}" if code else ""
    if script.left:
        trouble = f"these faults were not met: {script.left}"
    return Found.of(f"PublishLayerVersion: {', '.join(faults)}", place, trouble=trouble)


def throttled(
    aws: EmbeddedAws, zygote: Zygote, root: Path, layers: int, rate: float, seconds: float
) -> Found:
    """Release layers at once, all of which share so many calls of CodeBuild a second."""
    names = tuple(f"l{number}" for number in range(layers))
    place = Place(aws, Path(tempfile.mkdtemp(dir=root)), layers=names)
    throttle = Throttle(rate)
    with Proxy(aws.codebuild_url, lambda *_call: "" if throttle.admits() else "400") as proxy:
        environment = {**place.environment(), "AWS_ENDPOINT_URL_CODEBUILD": proxy.url}
        processes = [zygote.start(environment, argv=place.build(name)) for name in names]
        deadline = time.monotonic() + seconds
        left = [process for process in processes if not _ends(process, deadline)]
        passed, refused = sum(proxy.passed.values()), proxy.met["400"]
    trouble = "\n".join(process.stderr[-500:] or "it did not begin" for process in left)
    name = f"{layers} layers at {rate:g} calls/s: {passed} answered, {refused} refused"
    silence = max(process.silence for process in processes)
    return Found.of(name, place, trouble=trouble, silence=silence)


def _ends(process: Process, deadline: float) -> bool:
    """Wait for a process, and say whether it has ended well by then."""
    try:
        return process.exit_code(max(0.1, deadline - time.monotonic())) == 0
    except AssertionError:
        return False
