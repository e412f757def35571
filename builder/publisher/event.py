"""The end of a build, as an event of EventBridge.

Source of the shape: AWS CodeBuild user guide, "Build notifications input format reference".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

SOURCE = "aws.codebuild"
DETAIL_TYPE = "CodeBuild Build State Change"
ENDED = ("SUCCEEDED", "FAILED", "STOPPED", "FAULT", "TIMED_OUT")


@dataclass(frozen=True)
class Ending:
    """A build of a project has ended; ``build_id`` is ``PROJECT:UUID``."""

    project: str
    build_id: str
    status: str

    @classmethod
    def parse(cls, event: Any) -> Ending | None:
        """Read an event; None for everything that is not the end of a build."""
        if not isinstance(event, Mapping) or event.get("source") != SOURCE:
            return None
        detail = event.get("detail")
        if event.get("detail-type") != DETAIL_TYPE or not isinstance(detail, Mapping):
            return None
        project, arn, status = (
            detail.get(key) for key in ("project-name", "build-id", "build-status")
        )
        if not (isinstance(project, str) and isinstance(arn, str)) or status not in ENDED:
            return None
        build_id = arn.rpartition(":build/")[2]
        return cls(project, build_id, status) if build_id.startswith(f"{project}:") else None
