"""Which actions each role needs, as a table of data; docs/permissions.md says what for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from builder.protocol.keys import LayerKeys

PLAN = "plan"
APPLY = "apply"
PUBLISHER = "publisher"
OPERATOR = "operator of services"

_KEYS = LayerKeys("{layer}")
BUCKET = "{bucket}"
OBJECTS = f"{{bucket}}/{_KEYS.everything}*"
ARTIFACTS = f"{{bucket}}/{_KEYS.artifacts}/*"
BUILT = f"{{bucket}}/{_KEYS.built}/*"
LAYER = "{lambda}:layer:{layer_name}"
VERSIONS = "{lambda}:layer:{layer_name}:*"
FUNCTION = "{lambda}:function:{function}"
PROJECT = "{codebuild}:project/{project}"
PUSH_PROJECT = "{codebuild}:project/{project}_{layer}"
BUILD_ROLE = "{build_role}"
LOGS = "{logs}:log-group:{log_group}:*"
PARAMETER = "{ssm}:parameter{parameter}"
STATE = "{data}/{prefix}state.json"
SNAPSHOTS = "{data}/{prefix}snapshots/*"
TASKS = "{ecs}:task/{service}/*"
REVISIONS = "{ecs}:task-definition/{service}:*"
REPOSITORY = "{ecr}:repository/{repository}"
IMAGES = "{ecr}:repository/{app}/{layer}"
SERVICE_LOGS = "{logs}:log-group:{service_logs}:*"
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

SHARES: Mapping[str, tuple[str, ...]] = {
    VERSIONS: (
        "lambda:GetLayerVersionPolicy",
        "lambda:AddLayerVersionPermission",
        "lambda:RemoveLayerVersionPermission",
    ),
}
"""What sharing needs, for layers with ``share``."""

NAMES: Mapping[str, tuple[str, ...]] = {
    PARAMETER: ("ssm:GetParameter", "ssm:PutParameter", "ssm:DeleteParameter"),
}
"""What a parameter needs, for layers with ``parameter``."""

SEES_IMAGES: Mapping[str, tuple[str, ...]] = {
    PUSH_PROJECT: ("codebuild:BatchGetBuilds",),
    ANY: ("ecr:GetAuthorizationToken",),
    IMAGES: ("ecr:DescribeImages", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"),
}
"""What a plan reads of a layer that is an image."""

PUSHES: Mapping[str, tuple[str, ...]] = {
    PUSH_PROJECT: ("codebuild:ListBuildsForProject",),
    IMAGES: ("ecr:BatchDeleteImage",),
}
"""What a release of an image needs besides, once its push is started."""

STARTS_PUSHES: Mapping[str, tuple[str, ...]] = {
    PUSH_PROJECT: ("codebuild:StartBuild",),
}
"""What starts the push of an image; who pushes is the project's own role."""

USES_IMAGES: Mapping[str, tuple[str, ...]] = {
    ANY: ("lambda:GetFunction",),
}
"""What pruning images needs besides."""

PRUNES: Mapping[str, tuple[str, ...]] = {
    ANY: ("lambda:ListFunctions",),
    BUCKET: ("s3:ListBucketVersions",),
    OBJECTS: ("s3:DeleteObject", "s3:DeleteObjectVersion"),
}
"""What pruning needs, for layers with ``keep``."""

SEES_SERVICES: Mapping[str, tuple[str, ...]] = {
    STATE: ("s3:GetObject",),
    "{data}": ("s3:ListBucket",),
    ANY: ("ecs:ListTasks",),
    TASKS: ("ecs:DescribeTasks",),
    REPOSITORY: ("ecr:DescribeImages",),
    SERVICE_LOGS: ("logs:GetLogEvents",),
}
"""What `status` and `logs` of a service read."""

SEES_LAYER_OF_SERVICE: Mapping[str, tuple[str, ...]] = {
    ANY: ("ecs:ListTaskDefinitions", "ecs:DescribeTaskDefinition"),
}
"""What `status` reads besides of a service whose image is a layer."""

USED_BY_SERVICES: Mapping[str, tuple[str, ...]] = {
    ANY: (
        *("ecs:ListClusters", "ecs:ListTasks", "ecs:DescribeTasks"),
        *("ecs:ListTaskDefinitionFamilies", "ecs:ListTaskDefinitions"),
        "ecs:DescribeTaskDefinition",
    ),
}
"""What pruning images of a service needs besides."""

RUNS_SERVICES: Mapping[str, tuple[str, ...]] = {
    TASKS: ("ecs:StopTask",),
    SNAPSHOTS: ("s3:DeleteObject",),
    ANY: ("ecs:ListTaskDefinitions", "ecs:DescribeTaskDefinition"),
    REVISIONS: ("ecs:DeleteTaskDefinitions",),
    REPOSITORY: ("ecr:BatchDeleteImage",),
}
"""What `stop` and `prune` of a service need besides."""


@dataclass(frozen=True)
class Need:
    """Actions that a role must be allowed on one resource; an ARN, perhaps with wildcards."""

    actions: tuple[str, ...]
    resource: str


def needs(
    role: str,
    names: Mapping[str, str],
    *,
    functions: Sequence[str] = (),
    prunes: bool = False,
    shares: bool = False,
    parameter: str = "",
    image: bool = False,
    supervisor: bool = False,
) -> list[Need]:
    """Return what a role needs for one layer that moves ``functions``, by their names.

    ``names`` fill in the resources above. ``parameter`` is the layer's, "" for none. An ``image``
    is no layer of Lambda, and needs none of the rights to one; with ``supervisor`` services
    have it.
    """
    if image:
        found = _needs_of_image(role, names, prunes=prunes)
        return found + (_filled(USED_BY_SERVICES, names) if prunes and supervisor else [])
    if role == PLAN:
        return _filled(READS, names)
    found = _filled(RELEASES, names)
    if role == APPLY:
        found += _filled(BUILDS, names)
    for function in functions:
        found += _filled(MOVES, {**names, "function": function})
    found += _filled(SHARES, names) if shares else []
    found += _filled(NAMES, {**names, "parameter": parameter}) if parameter else []
    return found + (_filled(PRUNES, names) if prunes else [])


def _needs_of_image(role: str, names: Mapping[str, str], *, prunes: bool) -> list[Need]:
    tables = [READS, SEES_IMAGES] if role == PLAN else [RELEASES, SEES_IMAGES, PUSHES]
    tables += [BUILDS] if role == APPLY else []
    tables += [STARTS_PUSHES] if role in (APPLY, PUBLISHER) else []
    tables += [PRUNES, USES_IMAGES] if prunes else []
    of_lambda = {LAYER, VERSIONS}
    return [
        need
        for table in tables
        for need in _filled({r: a for r, a in table.items() if r not in of_lambda}, names)
    ]


def needs_of_service(role: str, names: Mapping[str, str], *, layer: bool = False) -> list[Need]:
    """Return what a role needs for one hybrid service; apply and publisher need nothing more.

    With ``layer`` its image is one.
    """
    if role == PLAN:
        more = _filled(SEES_LAYER_OF_SERVICE, names) if layer else []
        return _filled(SEES_SERVICES, names) + more
    if role != OPERATOR:
        return []
    # The images of a layer are pruned as its versions.
    not_its = {REPOSITORY} if layer else set()
    return _filled({r: a for r, a in RUNS_SERVICES.items() if r not in not_its}, names)


def _filled(table: Mapping[str, tuple[str, ...]], names: Mapping[str, str]) -> list[Need]:
    return [Need(actions, resource.format_map(names)) for resource, actions in table.items()]
