"""A log stream, read bit by bit."""

from __future__ import annotations

from builder.aws.logs import Logs


class LogReader:
    """What is new in a log stream since the last look; another stream is read from its start."""

    def __init__(self, logs: Logs, *, since: float = 0.0) -> None:
        self._logs = logs
        self._since = since
        self._place = ("", "")
        self._position: str | None = None

    def read(self, group: str, stream: str) -> tuple[list[str], bool]:
        """Return the lines since the last look, and whether there may be more at once.

        A stream without a name has none yet.
        """
        if not stream:
            return [], False
        if (group, stream) != self._place:
            self._place, self._position = (group, stream), None
        lines, after = self._logs.follow(group, stream, self._position, since=self._since)
        # Also after an empty page: at the end of a stream the position stays the same
        # (CloudWatch Logs API reference, GetLogEvents).
        more = after != self._position
        self._position = after
        return lines, more
