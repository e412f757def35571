"""A service without an AWS: its parts are what a test says."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, cast

from builder.aws.images import TaggedImage
from builder.aws.store import StoredObject
from builder.aws.tasks import TaskState
from builder.errors import AwsError
from builder.hybrid.service import Service
from builder.spec.service_spec import ServiceSpec
from hybrid_service.state import Snapshot, State

ARN = "arn:aws:ecs:eu-west-1:123456789012:task/shop-chroma/0123abcd"
SNAPSHOT = Snapshot("snapshots/00000003-000001.tar.gz", "v", 31_457_280, "s", 1_700_000_000.0)


class Parts:
    """Bucket, tasks, images and log at once; ``denied`` names calls that AWS refuses."""

    bucket, cluster = "shop-chroma-123456789012-eu-west-1", "shop-chroma"

    def __init__(
        self, state: State | None, tasks: Sequence[TaskState], *, denied: Sequence[str] = ()
    ) -> None:
        self.states_now = state
        self.tasks = list(tasks)
        self.denied = denied
        self.exists = True
        self.has_image = True
        self.stopped: list[str] = []
        self.streams: dict[str, list[str]] = {}
        self.objects: list[str] = []
        self.pushed: list[TaggedImage] = []
        self.startable_from: list[str] = []

    def _ask(self, call: str) -> None:
        if call in self.denied:
            raise AwsError(f"the credentials may not {call}")

    def read(self, key: str) -> StoredObject | None:
        self._ask("read")
        if self.states_now is None:
            return None
        return StoredObject(key, "e", "", 1, json.dumps(asdict(self.states_now)).encode())

    def url(self, key: str) -> str:
        return f"s3://{self.bucket}/{key}"

    def bucket_exists(self) -> bool:
        return self.exists

    def running(self) -> list[TaskState]:
        self._ask("running")
        return [task for task in self.tasks if not task.is_over]

    def states(self, arns: Sequence[str]) -> list[TaskState]:
        return [task for task in self.tasks if task.arn in arns]

    def stop(self, arn: str, _reason: str) -> None:
        self.stopped.append(arn)

    def has(self, _repository: str, _tag: str) -> bool:
        self._ask("has")
        return self.has_image

    def follow(
        self, _group: str, stream: str, after: str | None, *, since: float
    ) -> tuple[list[str], str | None]:
        assert since >= 0
        lines = self.streams.get(stream, [])
        done = int(after or 0)
        return lines[done:], str(len(lines))

    def keys(self, prefix: str) -> list[str]:
        return [key for key in self.objects if key.startswith(prefix)]

    def inactive(self, _family: str) -> list[str]:
        return []

    def startable(self, _family: str) -> list[str]:
        return self.startable_from

    def tagged(self, _repository: str) -> list[TaggedImage]:
        return self.pushed

    def delete(self, _repository: str, digests: Sequence[str]) -> None:
        self.pushed = [image for image in self.pushed if image.digest not in digests]


def service_of(parts: Parts, **changes: Any) -> Service:
    """Return the service with these parts."""
    fields: dict[str, Any] = {"image_tag": "1", **changes}
    spec = ServiceSpec("chroma", ("chroma", "--port", "{port}"), **fields)
    part = cast("Any", parts)
    place = ("123456789012", "eu-west-1", "aws", "/services/shop-chroma")
    return Service(spec, "shop-chroma", *place, part, part, part, part)
