"""What one build is to do: the project's settings with the overrides of StartBuild laid over them.

Sources: AWS CodeBuild API reference, "StartBuild" and "Project".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from builder.errors import LayerError

Document = Mapping[str, Any]

OVERRIDES = {
    # In StartBuild -> where it belongs in the project.
    "sourceTypeOverride": ("source", "type"),
    "sourceLocationOverride": ("source", "location"),
    "buildspecOverride": ("source", "buildspec"),
    "sourceVersion": ("sourceVersion",),
    "secondarySourcesOverride": ("secondarySources",),
    "secondarySourcesVersionOverride": ("secondarySourceVersions",),
    "artifactsOverride": ("artifacts",),
    "secondaryArtifactsOverride": ("secondaryArtifacts",),
    "imageOverride": ("environment", "image"),
    "environmentTypeOverride": ("environment", "type"),
    "computeTypeOverride": ("environment", "computeType"),
    "privilegedModeOverride": ("environment", "privilegedMode"),
    "imagePullCredentialsTypeOverride": ("environment", "imagePullCredentialsType"),
    "serviceRoleOverride": ("serviceRole",),
    "encryptionKeyOverride": ("encryptionKey",),
    "timeoutInMinutesOverride": ("timeoutInMinutes",),
    "queuedTimeoutInMinutesOverride": ("queuedTimeoutInMinutes",),
    "logsConfigOverride": ("logsConfig",),
    "cacheOverride": ("cache",),
}
MOST_SECONDARY_SOURCES = 12
OTHER_KEYS = {
    "projectName",
    "idempotencyToken",
    "environmentVariablesOverride",
    # Nothing to do here: there is no session to open, and no image to pull or to be privileged in.
    "debugSessionEnabled",
}


class InvalidInput(LayerError):
    """CodeBuild's InvalidInputException: the request cannot be carried out as it is."""


@dataclass(frozen=True)
class S3Location:
    """A place in S3."""

    bucket: str
    key: str

    def __str__(self) -> str:
        return f"{self.bucket}/{self.key}"


@dataclass(frozen=True)
class SecondarySource:
    """A source beside the primary one; its identifier names the folder that it goes to."""

    identifier: str
    place: S3Location
    version: str = ""


@dataclass(frozen=True)
class Variable:
    """An environment variable of a build; for kinds other than PLAINTEXT the value is a name."""

    name: str
    value: str
    kind: str = "PLAINTEXT"


@dataclass(frozen=True)
class ArtifactPlace:
    """Where an artifact goes."""

    bucket: str
    path: str
    name: str
    with_build_id: bool
    zipped: bool
    encrypted: bool
    kms_key: str
    name_from_buildspec: bool
    identifier: str = ""

    def prefix(self, build_id: str, name: str) -> str:
        """Return the key, or the start of the keys, of the artifact of a build."""
        parts = (self.path.strip("/"), build_id if self.with_build_id else "", name.strip("/"))
        return "/".join(part for part in parts if part)


@dataclass(frozen=True)
class Cache:
    """What is kept between builds, and where: ``kind`` is NO_CACHE, S3 or LOCAL."""

    kind: str = "NO_CACHE"
    location: S3Location | None = None
    modes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Settings:
    """All that a build needs to know before it reads its source."""

    project: str
    source: S3Location | None
    source_version: str
    buildspec: str
    artifacts: tuple[ArtifactPlace, ...]
    image: str
    variables: tuple[Variable, ...]
    service_role: str
    encryption_key: str
    environment_type: str
    timeout_minutes: float
    queued_timeout_minutes: float
    log_group: str
    log_stream_prefix: str
    logs_enabled: bool
    cache: Cache
    secondary_sources: tuple[SecondarySource, ...] = ()


def merge(project: Document, request: Document) -> dict[str, Any]:
    """Lay StartBuild's overrides over a project; raise InvalidInput for what is not possible."""
    merged = dict(project)
    for key, value in request.items():
        if key in OTHER_KEYS:
            continue
        if key not in OVERRIDES:
            raise InvalidInput(f"the embedded CodeBuild does not support {key}")
        path = OVERRIDES[key]
        if len(path) == 1:
            merged[path[0]] = value
        else:
            merged[path[0]] = {**merged.get(path[0], {}), path[1]: value}
    environment = dict(merged.get("environment", {}))
    variables = [*environment.get("environmentVariables", [])]
    variables += request.get("environmentVariablesOverride", [])
    # The last of a name wins, in its first place.
    environment["environmentVariables"] = list({v["name"]: v for v in variables}.values())
    merged["environment"] = environment
    return merged


def settings(merged: Document) -> Settings:
    """Read a project with the overrides laid over it."""
    environment = merged.get("environment", {})
    cloudwatch = merged.get("logsConfig", {}).get("cloudWatchLogs", {})
    name = merged["name"]
    if merged.get("logsConfig", {}).get("s3Logs", {}).get("status") == "ENABLED":
        raise InvalidInput("the embedded CodeBuild does not write logs to S3")
    return Settings(
        project=name,
        source=read_source(merged.get("source", {})),
        source_version=merged.get("sourceVersion", ""),
        buildspec=merged.get("source", {}).get("buildspec", ""),
        artifacts=read_artifacts(name, merged),
        image=environment.get("image", ""),
        variables=tuple(
            Variable(v["name"], v["value"], v.get("type", "PLAINTEXT"))
            for v in environment["environmentVariables"]
        ),
        service_role=merged.get("serviceRole", ""),
        encryption_key=merged.get("encryptionKey", ""),
        environment_type=environment.get("type", ""),
        timeout_minutes=merged.get("timeoutInMinutes", 60),
        queued_timeout_minutes=merged.get("queuedTimeoutInMinutes", 480),
        log_group=cloudwatch.get("groupName") or f"/aws/codebuild/{name}",
        log_stream_prefix=cloudwatch.get("streamName", ""),
        logs_enabled=cloudwatch.get("status", "ENABLED") == "ENABLED",
        cache=read_cache(merged.get("cache", {})),
        secondary_sources=read_secondary_sources(merged),
    )


def read_source(source: Document) -> S3Location | None:
    """Return where the source is, None when there is none."""
    kind = source.get("type", "NO_SOURCE")
    if kind == "NO_SOURCE":
        return None
    if kind != "S3":
        raise InvalidInput(f"the embedded CodeBuild fetches sources from S3, not from {kind}")
    location = s3_location(source.get("location", ""))
    if not location.key:
        raise InvalidInput("Invalid project source: location must be a valid S3 source")
    return location


def read_secondary_sources(merged: Document) -> tuple[SecondarySource, ...]:
    """Return the sources beside the primary one.

    Sources of the rules: API reference, "ProjectSource" (identifiers), "StartBuild" (12 at most).
    """
    documents = merged.get("secondarySources", [])
    if len(documents) > MOST_SECONDARY_SOURCES:
        raise InvalidInput(f"there are more than {MOST_SECONDARY_SOURCES} secondary sources")
    versions = {
        version["sourceIdentifier"]: version["sourceVersion"]
        for version in merged.get("secondarySourceVersions", [])
    }
    found: dict[str, SecondarySource] = {}
    for document in documents:
        identifier = document.get("sourceIdentifier", "")
        if not re.fullmatch(r"[A-Za-z0-9_]{1,127}", identifier) or identifier in found:
            raise InvalidInput(f"Invalid source identifier: {identifier!r}")
        place = read_source(document)
        if place is None:
            raise InvalidInput(f"the secondary source {identifier} has no location")
        found[identifier] = SecondarySource(identifier, place, versions.pop(identifier, ""))
    if versions:
        raise InvalidInput(f"no secondary source has the identifiers {sorted(versions)}")
    return tuple(found.values())


def s3_location(text: str) -> S3Location:
    """Read ``bucket/key`` or an S3 ARN."""
    bucket, _, key = text.removeprefix("arn:aws:s3:::").partition("/")
    if not bucket:
        raise InvalidInput(f"{text!r} is not a location in S3")
    return S3Location(bucket, key)


def read_artifacts(project: str, merged: Document) -> tuple[ArtifactPlace, ...]:
    """Return where artifacts go, the primary one first (its identifier is empty)."""
    primary = {**merged.get("artifacts", {}), "artifactIdentifier": ""}
    documents = [primary, *merged.get("secondaryArtifacts", [])]
    places = []
    for document in documents:
        kind = document.get("type", "NO_ARTIFACTS")
        if kind == "NO_ARTIFACTS":
            continue
        if kind != "S3":
            raise InvalidInput(f"the embedded CodeBuild puts artifacts into S3, not into {kind}")
        name = document.get("name", "")
        places.append(
            ArtifactPlace(
                bucket=s3_location(document.get("location", "")).bucket,
                path=document.get("path", ""),
                # "/" is the root of the bucket; an empty name is the project's.
                name=name or project,
                with_build_id=document.get("namespaceType", "NONE") == "BUILD_ID",
                zipped=document.get("packaging", "NONE") == "ZIP",
                encrypted=not document.get("encryptionDisabled", False),
                kms_key=customer_key(merged),
                name_from_buildspec=document.get("overrideArtifactName", False),
                identifier=document["artifactIdentifier"],
            )
        )
    return tuple(places)


def customer_key(merged: Document) -> str:
    """Return the KMS key of the artifacts; empty for AWS's own key, which ministack has not."""
    key: str = merged.get("encryptionKey", "")
    return "" if ":alias/aws/" in key else key


def read_cache(cache: Document) -> Cache:
    """Return what is kept between builds."""
    kind = cache.get("type", "NO_CACHE")
    location = s3_location(cache["location"]) if kind == "S3" else None
    return Cache(kind, location, tuple(cache.get("modes", [])))
