"""What ministack forgets about CodeBuild projects, remembered and put back into its answers.

Without it Terraform would see a difference at every plan. Source of the names and defaults: AWS
CodeBuild API reference, "Project".
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

Document = dict[str, Any]

FORGOTTEN = (
    "cache",
    "logsConfig",
    "vpcConfig",
    "queuedTimeoutInMinutes",
    "concurrentBuildLimit",
    "secondarySources",
    "secondarySourceVersions",
    "secondaryArtifacts",
    "fileSystemLocations",
    "buildBatchConfig",
    "resourceAccessRole",
    "autoRetryLimit",
)
DEFAULTS: Mapping[str, Any] = {
    "cache": {"type": "NO_CACHE"},
    "queuedTimeoutInMinutes": 480,
    "projectVisibility": "PRIVATE",
}


class ProjectMemory:
    """A file of what was asked for, by project."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._lock = threading.Lock()
        self._kept: dict[str, Document] = {}
        if file.exists():
            self._kept = json.loads(file.read_text(encoding="utf-8"))

    def remember(self, request: Document) -> None:
        """Take note of a request that created or updated a project."""
        asked = {key: request[key] for key in FORGOTTEN if key in request}
        if asked.get("concurrentBuildLimit") == -1:
            # The API's way of taking the limit away.
            asked["concurrentBuildLimit"] = None
        if asked.get("vpcConfig") == {}:  # and of taking a network away
            asked["vpcConfig"] = None
        with self._lock:
            self._kept[request["name"]] = {**self._kept.get(request["name"], {}), **asked}
            self._save()

    def forget(self, name: str) -> None:
        """Take note that a project was deleted."""
        with self._lock:
            self._kept.pop(name, None)
            self._save()

    def complete(self, project: Document) -> Document:
        """Return a project with all that was asked for."""
        asked = self._kept.get(project["name"], {})
        known = {key: value for key, value in asked.items() if value is not None}
        return {**DEFAULTS, **project, **known}

    def _save(self) -> None:
        draft = self.file.with_suffix(".new")
        draft.write_text(json.dumps(self._kept), encoding="utf-8")
        draft.replace(self.file)
