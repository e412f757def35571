"""CloudWatch Logs: read what a build wrote."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from builder.aws.session import Session, code_of, explained

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient


class Logs:
    """The log streams of builds."""

    def __init__(self, session: Session) -> None:
        self._logs: CloudWatchLogsClient = session.client("logs")

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

    def follow(self, group: str, stream: str, after: str | None) -> tuple[list[str], str | None]:
        """Return the lines after a position (None: the start), and the new position."""
        if not (group and stream):
            return [], after
        position: dict[str, Any] = {"nextToken": after} if after else {}
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
