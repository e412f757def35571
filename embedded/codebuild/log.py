"""The log of a build: lines go to CloudWatch Logs in small batches while the build runs."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from embedded.codebuild.role import ERRORS

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_logs.type_defs import InputLogEventTypeDef

log = logging.getLogger(__name__)

INTERVAL = 0.4
"""Seconds between batches."""

# Amazon CloudWatch Logs API reference, "PutLogEvents".
BATCH_EVENTS = 10_000
BATCH_BYTES = 1_048_576
EVENT_OVERHEAD = 26
EVENT_BYTES = 262_144 - EVENT_OVERHEAD


class BuildLog:
    """A log stream that is written in the background; close it to write what is left."""

    def __init__(self, client: CloudWatchLogsClient | None, group: str, stream: str) -> None:
        self.client = client
        self.group = group
        self.stream = stream
        self.secrets: tuple[str, ...] = ()
        self._waiting: list[InputLogEventTypeDef] = []
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def open(self) -> None:
        """Create the stream, and the group if need be; raise ClientError when the role may not."""
        if self.client is None:
            return
        try:
            self._create_stream(self.client)
        except self.client.exceptions.ResourceNotFoundException:
            try:
                self.client.create_log_group(logGroupName=self.group)
            except self.client.exceptions.ResourceAlreadyExistsException:
                log.debug("another build made %s first", self.group)
            self._create_stream(self.client)
        self._thread.start()

    def _create_stream(self, client: CloudWatchLogsClient) -> None:
        try:
            client.create_log_stream(logGroupName=self.group, logStreamName=self.stream)
        except client.exceptions.ResourceAlreadyExistsException:
            log.debug("%s is there already", self.stream)

    def line(self, text: str) -> None:
        """Add a line of a command's output."""
        for secret in self.secrets:
            text = text.replace(secret, "***")
        event: InputLogEventTypeDef = {
            "timestamp": int(time.time() * 1000),
            "message": clip(text) + "\n",
        }
        with self._lock:
            self._waiting.append(event)

    def note(self, text: str) -> None:
        """Add a line of CodeBuild's own."""
        stamp = datetime.now(UTC).strftime("%Y/%m/%d %H:%M:%S.%f")
        self.line(f"[Container] {stamp} {text}")

    def close(self) -> None:
        """Write what is left."""
        self._closing.set()
        if self._thread.ident is not None:
            self._thread.join(timeout=30)

    def _run(self) -> None:
        closing = False
        while not closing:
            closing = self._closing.wait(INTERVAL)
            with self._lock:
                events, self._waiting = self._waiting, []
            for batch in batches(events):
                self._put(batch)

    def _put(self, batch: list[InputLogEventTypeDef]) -> None:
        assert self.client is not None
        try:
            self.client.put_log_events(
                logGroupName=self.group, logStreamName=self.stream, logEvents=batch
            )
        except ERRORS as error:
            # As in CodeBuild: a log that cannot be written is no reason to fail the build.
            log.warning("cannot write the log %s %s: %s", self.group, self.stream, error)


def clip(text: str) -> str:
    """Shorten a line to what one event can hold."""
    encoded = text.encode()
    if len(encoded) < EVENT_BYTES:
        return text
    return encoded[: EVENT_BYTES - 1].decode(errors="ignore")


def batches(events: Iterable[InputLogEventTypeDef]) -> list[list[InputLogEventTypeDef]]:
    """Split events into batches that one request can hold."""
    result: list[list[InputLogEventTypeDef]] = []
    size = 0
    for event in events:
        weight = len(event["message"].encode()) + EVENT_OVERHEAD
        if not result or len(result[-1]) == BATCH_EVENTS or size + weight > BATCH_BYTES:
            result.append([])
            size = 0
        result[-1].append(event)
        size += weight
    return result
