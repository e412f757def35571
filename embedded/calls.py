"""What was asked of the embedded AWS: one line of JSON a call, so that tests can count writes."""

from __future__ import annotations

import json
import re
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

INTERNAL = "embedded-codebuild"
"""Marks, in the user agent, what CodeBuild itself asks behind the scenes; not recorded."""

PRINCIPAL = "x-embedded-principal"
"""The header in which the gateway tells the CodeBuild agent whose call it was."""

READS = re.compile(
    # CloudTrail user guide: events whose readOnly is true. AssumeRole and GetSessionToken are among
    # them; Invoke is not.
    r"(Get|List|Describe|Head|BatchGet|Search|Lookup|Simulate|Filter|AssumeRole|DecodeAuth|Validate)"
)


@dataclass(frozen=True)
class Call:
    """One API call.

    ``operation`` is the IAM action without its service, so HeadObject is GetObject. ``target`` is
    the path of the request, for S3 the bucket and key.
    """

    service: str
    operation: str
    target: str
    principal: str
    status: int
    time: datetime

    @property
    def is_write(self) -> bool:
        """Whether the call could change something; what is not known to read counts as a write."""
        return not READS.match(self.operation)

    def to_json(self) -> str:
        """Return the call as one line."""
        return json.dumps({**vars(self), "time": self.time.isoformat()})

    @classmethod
    def from_json(cls, line: str) -> Call:
        """Read what :meth:`to_json` wrote."""
        fields = json.loads(line)
        return cls(**{**fields, "time": datetime.fromisoformat(fields["time"])})


class Journal:
    """The calls recorded in a file that only grows: each line is parsed once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._calls: list[Call] = []
        self._read = 0
        self._lock = threading.Lock()

    def calls(self) -> list[Call]:
        """Return the calls so far, oldest answer first; none when there is no file."""
        with self._lock:
            if self.path.exists():
                self._go_on()
            return list(self._calls)

    def _go_on(self) -> None:
        with self.path.open("rb") as lines:
            lines.seek(self._read)
            for line in lines:
                if not line.endswith(b"\n"):
                    return  # it is being written
                self._calls.append(Call.from_json(line.decode()))
                self._read += len(line)


def now() -> datetime:
    """Return the present time as calls have it."""
    return datetime.now(UTC)
