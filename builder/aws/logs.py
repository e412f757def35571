"""CloudWatch Logs: read what a build wrote."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from builder.aws.session import Session, code_of, explained

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient


class Logs:
    """The log streams of builds."""

    def __init__(self, session: Session) -> None:
        self._session = session

    @cached_property
    def _logs(self) -> CloudWatchLogsClient:
        client: CloudWatchLogsClient = self._session.client("logs")
        return client

    def tail(self, group: str, stream: str, lines: int) -> list[str]:
        """Return the last lines of a stream, or nothing if it is absent or has no name yet."""
        if not (group and stream):
            return []
        with explained("logs:GetLogEvents", f"log group {group}, stream {stream}"):
            try:
                answer = self._logs.get_log_events(
                    logGroupName=group, logStreamName=stream, limit=lines, startFromHead=False
                )
            except ClientError as error:
                if code_of(error) == "ResourceNotFoundException":
                    return []
                raise
        return [event.get("message", "").rstrip("\n") for event in answer["events"]][-lines:]

    def follow(
        self, group: str, stream: str, after: str | None, *, since: float = 0.0
    ) -> tuple[list[str], str | None]:
        """Return the lines after a position (None: the start), and the new position.

        Without those that were written before ``since``, in seconds since 1970.
        """
        if not (group and stream):
            return [], after
        position: dict[str, Any] = {"nextToken": after} if after else {}
        if since > 0:
            position["startTime"] = int(since * 1000)
        with explained("logs:GetLogEvents", f"log group {group}, stream {stream}"):
            try:
                answer = self._logs.get_log_events(
                    logGroupName=group, logStreamName=stream, startFromHead=True, **position
                )
            except ClientError as error:
                if code_of(error) == "ResourceNotFoundException":
                    return [], after
                raise
        lines = [event.get("message", "").rstrip("\n") for event in answer["events"]]
        return lines, answer.get("nextForwardToken", after)
