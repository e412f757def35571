"""The environment in which a build's commands run: CodeBuild's variables and little else.

Source of the variables: AWS CodeBuild user guide, "Environment variables in build environments".
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from embedded.clients import Credentials
from embedded.codebuild.settings import Settings
from embedded.processes import NETWORK, no_proxy

IMAGE_HOME = "/root"
"""HOME in CodeBuild's images; cache paths below it mean the build's HOME."""


@dataclass(frozen=True)
class Workspace:
    """The folders of one build."""

    root: Path

    @property
    def source(self) -> Path:
        """Where the source is unpacked and the first command runs."""
        return self.root / "src"

    def secondary(self, identifier: str) -> Path:
        """Where a secondary source is unpacked."""
        return self.root / "secondary" / identifier

    @property
    def home(self) -> Path:
        """HOME: empty for each build, as in a fresh container."""
        return self.root / "home"

    @property
    def temporary(self) -> Path:
        """TMPDIR."""
        return self.root / "tmp"

    @property
    def programs(self) -> Path:
        """A folder at the front of the PATH, with python3 in it."""
        return self.root / "bin"

    @property
    def shell(self) -> Path:
        """Where the shell keeps its scripts."""
        return self.root / "shell"

    def create(self, python: Path) -> None:
        """Make the folders; ``python3`` and ``python`` are the given interpreter."""
        for folder in (self.source, self.home, self.temporary, self.programs, self.shell):
            folder.mkdir(parents=True)
        for name in ("python3", "python"):
            program = self.programs / name
            # A script and not a link: a linked interpreter no longer finds its virtual environment.
            program.write_text(f'#!/bin/sh\nexec {shlex.quote(str(python))} "$@"\n')
            program.chmod(0o755)

    def resolve(self, path: str) -> Path:
        """Return where a path of a buildspec is on this machine."""
        if path == IMAGE_HOME or path.startswith(f"{IMAGE_HOME}/"):
            return self.home / path[len(IMAGE_HOME) :].lstrip("/")
        return self.source / path


@dataclass(frozen=True)
class Place:
    """Where the embedded AWS is, for the commands of a build."""

    region: str
    account: str
    endpoint: str
    codebuild_endpoint: str


def machine_variables(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return what a build gets of this machine: what reaching package indexes needs.

    A container has a network of its own; here builds share this machine's, with its proxies,
    certificates and indexes. The rest of the user's environment stays out.
    """
    kept = {
        name: value
        for name, value in environment.items()
        if name in (*NETWORK, "PATH", "LANG", "LC_ALL", "TZ") or name.startswith(("PIP_", "UV_"))
    }
    # pip and uv read these below HOME, and HOME is the build's own.
    settings = Path(environment.get("XDG_CONFIG_HOME") or Path(environment["HOME"]) / ".config")
    for variable, file in (("PIP_CONFIG_FILE", "pip/pip.conf"), ("UV_CONFIG_FILE", "uv/uv.toml")):
        if (settings / file).is_file():
            kept.setdefault(variable, str(settings / file))
    kept.setdefault("LANG", "C.UTF-8")
    return {**kept, **no_proxy(environment)}


def build_variables(
    settings: Settings,
    record: Mapping[str, object],
    workspace: Workspace,
    credentials: Credentials,
    place: Place,
) -> dict[str, str]:
    """Return CodeBuild's variables for a build, without those the user asks for."""
    build_id = str(record["id"])
    image_path = os.environ.get("PATH", os.defpath)
    source = f"arn:aws:s3:::{settings.source}" if settings.source else ""
    return {
        **machine_variables(),
        "PATH": f"{workspace.programs}{os.pathsep}{image_path}",
        "HOME": str(workspace.home),
        "TMPDIR": str(workspace.temporary),
        "AWS_REGION": place.region,
        "AWS_DEFAULT_REGION": place.region,
        "AWS_ACCESS_KEY_ID": credentials.access_key_id,
        "AWS_SECRET_ACCESS_KEY": credentials.secret_access_key,
        "AWS_SESSION_TOKEN": credentials.session_token or "",
        "AWS_ENDPOINT_URL": place.endpoint,
        "AWS_ENDPOINT_URL_CODEBUILD": place.codebuild_endpoint,
        "AWS_EC2_METADATA_DISABLED": "true",
        "CODEBUILD_CI": "true",
        "CODEBUILD_BUILD_ARN": str(record["arn"]),
        "CODEBUILD_BUILD_ID": build_id,
        "CODEBUILD_BUILD_IMAGE": settings.image,
        "CODEBUILD_BUILD_NUMBER": str(record["buildNumber"]),
        "CODEBUILD_BUILD_SUCCEEDING": "1",
        "CODEBUILD_INITIATOR": str(record["initiator"]),
        "CODEBUILD_KMS_KEY_ID": settings.encryption_key,
        "CODEBUILD_LOG_PATH": build_id.partition(":")[2],
        "CODEBUILD_RESOLVED_SOURCE_VERSION": settings.source_version,
        "CODEBUILD_SOURCE_REPO_URL": source.removeprefix("arn:aws:s3:::"),
        "CODEBUILD_SOURCE_VERSION": settings.source_version or source,
        "CODEBUILD_SRC_DIR": str(workspace.source),
        **secondary_variables(settings, workspace),
        "CODEBUILD_START_TIME": str(int(float(str(record["startTime"])) * 1000)),
    }


def secondary_variables(settings: Settings, workspace: Workspace) -> dict[str, str]:
    """Return where each secondary source is, by a variable that ends in its identifier."""
    return {
        f"CODEBUILD_SRC_DIR_{source.identifier}": str(workspace.secondary(source.identifier))
        for source in settings.secondary_sources
    }
