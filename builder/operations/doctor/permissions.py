"""Which actions each role needs, as a table of data; docs/permissions.md says what for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from builder.protocol.keys import LayerKeys

PLAN = "plan"
APPLY = "apply"
PUBLISHER = "publisher"

_KEYS = LayerKeys("{layer}")
BUCKET = "{bucket}"
OBJECTS = f"{{bucket}}/{_KEYS.everything}*"
ARTIFACTS = f"{{bucket}}/{_KEYS.artifacts}/*"
BUILT = f"{{bucket}}/{_KEYS.built}/*"
LAYER = "{lambda}:layer:{app}-{layer}"
VERSIONS = "{lambda}:layer:{app}-{layer}:*"
FUNCTION = "{lambda}:function:{function}"
PROJECT = "{codebuild}:project/{project}"
BUILD_ROLE = "{build_role}"
LOGS = "{logs}:log-group:{log_group}:*"
ANY = "*"

READS: Mapping[str, tuple[str, ...]] = {
    OBJECTS: ("s3:GetObject",),
    BUCKET: ("s3:ListBucket",),
    VERSIONS: ("lambda:GetLayerVersion",),
    PROJECT: ("codebuild:BatchGetBuilds",),
}
"""What a plan reads."""

RELEASES: Mapping[str, tuple[str, ...]] = {
    OBJECTS: ("s3:GetObject", "s3:PutObject"),
    BUCKET: ("s3:ListBucket",),
    ARTIFACTS: ("s3:GetObjectVersion",),
    BUILT: ("s3:GetObjectVersion",),
    LAYER: ("lambda:PublishLayerVersion", "lambda:ListLayerVersions"),
    VERSIONS: ("lambda:GetLayerVersion", "lambda:DeleteLayerVersion"),
    PROJECT: ("codebuild:BatchGetBuilds", "codebuild:ListBuildsForProject"),
    LOGS: ("logs:GetLogEvents",),
}
"""What a release needs once its build is started."""

BUILDS: Mapping[str, tuple[str, ...]] = {
    PROJECT: ("codebuild:StartBuild",),
    BUILD_ROLE: ("iam:PassRole",),
}
"""What starts a build."""

MOVES: Mapping[str, tuple[str, ...]] = {
    FUNCTION: ("lambda:GetFunctionConfiguration", "lambda:UpdateFunctionConfiguration"),
}
"""What moves functions, for layers that name some."""

PRUNES: Mapping[str, tuple[str, ...]] = {
    ANY: ("lambda:ListFunctions",),
    BUCKET: ("s3:ListBucketVersions",),
    OBJECTS: ("s3:DeleteObjectVersion",),
}
"""What pruning needs, for layers with ``keep``."""


@dataclass(frozen=True)
class Need:
    """Actions that a role must be allowed on one resource; an ARN, perhaps with wildcards."""

    actions: tuple[str, ...]
    resource: str


def needs(
    role: str, names: Mapping[str, str], *, functions: Sequence[str] = (), prunes: bool = False
) -> list[Need]:
    """Return what a role needs for one layer that moves ``functions``, by their names.

    ``names`` fill in the resources above.
    """
    if role == PLAN:
        return _filled(READS, names)
    found = _filled(RELEASES, names)
    if role == APPLY:
        found += _filled(BUILDS, names)
    for function in functions:
        found += _filled(MOVES, {**names, "function": function})
    return found + (_filled(PRUNES, names) if prunes else [])


def _filled(table: Mapping[str, tuple[str, ...]], names: Mapping[str, str]) -> list[Need]:
    return [Need(actions, resource.format_map(names)) for resource, actions in table.items()]
