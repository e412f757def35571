"""Keep files between the builds of a project: one tar, in S3 or on this machine.

Source: AWS CodeBuild user guide, "Cache builds to improve performance".
"""

from __future__ import annotations

import logging
import tarfile
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from embedded.codebuild.buildspec import BuildspecError
from embedded.codebuild.environment import IMAGE_HOME, Workspace
from embedded.codebuild.globs import matching
from embedded.codebuild.role import ERRORS, Role
from embedded.codebuild.settings import Cache

log = logging.getLogger(__name__)

CUSTOM = "LOCAL_CUSTOM_CACHE"


def check_paths(paths: Sequence[str]) -> None:
    """Raise BuildspecError for a path that is nowhere in a build here."""
    for path in paths:
        outside = path.startswith("/") and not path.startswith(f"{IMAGE_HOME}/")
        if outside or ".." in PurePosixPath(path).parts:
            raise BuildspecError(
                f"the cache path {path!r} is outside the build",
                where="buildspec, key 'cache.paths'",
                expected=f"paths relative to the source, or below {IMAGE_HOME}/ (the build's HOME)",
            )


class BuildCache:
    """The cache of one project as one build sees it."""

    def __init__(self, cache: Cache, project: str, local: Path, role: Role) -> None:
        self.cache = cache
        self.project = project
        self.local = local / f"{project}.tar"
        self.role = role

    @property
    def is_on(self) -> bool:
        """Whether anything is kept."""
        return self.cache.kind == "S3" or (
            self.cache.kind == "LOCAL" and CUSTOM in self.cache.modes
        )

    @property
    def key(self) -> str:
        """The key of the tar in S3."""
        assert self.cache.location is not None
        return "/".join(part for part in (self.cache.location.key.strip("/"), self.project) if part)

    def restore(self, workspace: Workspace) -> str:
        """Unpack what is kept; return what happened, for the log."""
        archive = self._fetch(workspace)
        if archive is None:
            return "No cache found"
        with tarfile.open(archive) as tar:
            tar.extractall(workspace.root, filter="tar")
            count = len(tar.getmembers())
        return f"Restored {count} files from the {self.cache.kind} cache"

    def save(self, paths: Sequence[str], workspace: Workspace) -> str:
        """Keep the files that are there now; return what happened, for the log."""
        archive = workspace.root / "cache.tar"
        count = 0
        with tarfile.open(archive, "w") as tar:
            for root, pattern in (self._split(path, workspace) for path in paths):
                for file in matching(root, [pattern]):
                    tar.add(root / file, (root / file).relative_to(workspace.root).as_posix())
                    count += 1
        try:
            self._store(archive)
        except ERRORS as error:
            return f"Unable to upload cache: {error}"
        return f"Saved {count} files to the {self.cache.kind} cache"

    def _split(self, path: str, workspace: Workspace) -> tuple[Path, str]:
        """Return the folder a path is below, and the pattern within."""
        if path.startswith(f"{IMAGE_HOME}/"):
            return workspace.home, path[len(IMAGE_HOME) + 1 :]
        return workspace.source, path

    def _fetch(self, workspace: Workspace) -> Path | None:
        if self.cache.kind == "LOCAL":
            return self.local if self.local.exists() else None
        assert self.cache.location is not None
        archive = workspace.root / "cache.tar"
        try:
            self.role.s3.download_file(self.cache.location.bucket, self.key, str(archive))
        except ERRORS as error:
            # As in CodeBuild: a cache that cannot be read is no reason to fail the build.
            log.info("no cache at %s: %s", self.key, error)
            return None
        return archive

    def _store(self, archive: Path) -> None:
        if self.cache.kind == "LOCAL":
            self.local.parent.mkdir(parents=True, exist_ok=True)
            # Another build of the project may be reading the old one.
            archive.replace(self.local)
            return
        assert self.cache.location is not None
        self.role.s3.upload_file(str(archive), self.cache.location.bucket, self.key)
