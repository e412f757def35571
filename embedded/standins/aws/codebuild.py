"""CodeBuild projects.

Source of the facts: documentation and schema of hashicorp/aws 6.25, resource
aws_codebuild_project.
"""

from __future__ import annotations

from typing import Any

from embedded.standins.aws.connection import Connection
from embedded.standins.aws.enums import enum, unserved
from embedded.standins.aws.resource import (
    AwsResource,
    cut,
    gone,
    only,
    set_tags,
    tag_list,
    tag_map,
)
from embedded.standins.checks import arn, between, length, matches
from embedded.standins.errors import ProviderError
from embedded.standins.resource import Facts
from embedded.standins.values import State, Value

_ENUMS = {
    "artifacts.bucket_owner_access": "BucketOwnerAccess",
    "artifacts.namespace_type": "ArtifactNamespace",
    "artifacts.packaging": "ArtifactPackaging",
    "artifacts.type": "ArtifactsType",
    "cache.modes": "CacheMode",
    "cache.type": "CacheType",
    "environment.compute_type": "ComputeType",
    "environment.environment_variable.type": "EnvironmentVariableType",
    "environment.image_pull_credentials_type": "ImagePullCredentialsType",
    "environment.type": "EnvironmentType",
    "logs_config.cloudwatch_logs.status": "LogsConfigStatusType",
    "logs_config.s3_logs.status": "LogsConfigStatusType",
    "project_visibility": "ProjectVisibilityType",
    "source.type": "SourceType",
}
_UNSERVED = (
    "build_batch_config",
    "file_system_locations",
    "secondary_artifacts",
    "secondary_source_version",
    "secondary_sources",
)

_ARTIFACTS = {
    "artifact_identifier": "artifactIdentifier",
    "bucket_owner_access": "bucketOwnerAccess",
    "encryption_disabled": "encryptionDisabled",
    "location": "location",
    "name": "name",
    "namespace_type": "namespaceType",
    "override_artifact_name": "overrideArtifactName",
    "packaging": "packaging",
    "path": "path",
    "type": "type",
}
_SOURCE = {
    "buildspec": "buildspec",
    "git_clone_depth": "gitCloneDepth",
    "insecure_ssl": "insecureSsl",
    "location": "location",
    "report_build_status": "reportBuildStatus",
    "type": "type",
}
_ENVIRONMENT = {
    "certificate": "certificate",
    "compute_type": "computeType",
    "image": "image",
    "image_pull_credentials_type": "imagePullCredentialsType",
    "privileged_mode": "privilegedMode",
    "type": "type",
}
_CACHE = {"location": "location", "modes": "modes", "type": "type"}
_CLOUDWATCH = {"group_name": "groupName", "status": "status", "stream_name": "streamName"}
_S3_LOGS = {
    "bucket_owner_access": "bucketOwnerAccess",
    "encryption_disabled": "encryptionDisabled",
    "location": "location",
    "status": "status",
}
_VPC = {"security_group_ids": "securityGroupIds", "subnets": "subnets", "vpc_id": "vpcId"}
_PLAIN = {
    "auto_retry_limit": "autoRetryLimit",
    "build_timeout": "timeoutInMinutes",
    "concurrent_build_limit": "concurrentBuildLimit",
    "description": "description",
    "encryption_key": "encryptionKey",
    "queued_timeout": "queuedTimeoutInMinutes",
    "service_role": "serviceRole",
    "source_version": "sourceVersion",
}

_SWITCHES = (
    *("encryption_disabled", "insecure_ssl", "override_artifact_name", "privileged_mode"),
    "report_build_status",
)
_NUMBERS = ("auto_retry_limit", "concurrent_build_limit", "git_clone_depth")
_LISTS = ("modes", "security_group_ids", "subnets")

Names = dict[str, str]


class Project(AwsResource):
    """``aws_codebuild_project``."""

    service = "codebuild"
    facts = Facts(
        defaults={
            "artifacts.encryption_disabled": False,
            "artifacts.override_artifact_name": False,
            "badge_enabled": False,
            "build_timeout": 60,
            "cache.type": "NO_CACHE",
            "environment.environment_variable.type": "PLAINTEXT",
            "environment.image_pull_credentials_type": "CODEBUILD",
            "environment.privileged_mode": False,
            "logs_config.cloudwatch_logs.status": "ENABLED",
            "logs_config.s3_logs.encryption_disabled": False,
            "logs_config.s3_logs.status": "DISABLED",
            "project_visibility": "PRIVATE",
            "queued_timeout": 480,
        },
        force_new=("name", "region"),
        kept_blocks=(
            "cache",
            "logs_config",
            "logs_config.cloudwatch_logs",
            "logs_config.s3_logs",
        ),
        checks=(
            *(enum(path, "codebuild", shape) for path, shape in _ENUMS.items()),
            matches("name", r"[A-Za-z0-9][\w-]{1,254}", "a name of 2 to 255 letters, digits, - _"),
            matches(
                "environment.certificate", r".*\.(pem|zip)", "a path that ends in .pem or .zip"
            ),
            between("build_timeout", 5, 2160),
            between("queued_timeout", 5, 480),
            between("concurrent_build_limit", 1),
            length("description", 0, 255),
            arn("service_role"),
            unserved(*_UNSERVED),
        ),
    )

    def plan(self, meta: Connection, prior: State | None, planned: State, config: State) -> None:
        """Suppress what S3 artifacts are given by CodeBuild; check what depends on the cache."""
        super().plan(meta, prior, planned, config)
        before, after = only(prior["artifacts"]) if prior else None, only(planned["artifacts"])
        for name in ("name", "namespace_type", "packaging"):
            if before and after and after[name] is None:
                after[name] = before[name]
        cache = only(planned["cache"])
        if cache and cache["type"] == "S3" and cache["location"] in (None, ""):
            raise ProviderError(
                'cache location is required when cache type is "S3"', path=("cache", 0, "location")
            )

    def create(self, meta: Connection, planned: State) -> State:
        """Create the project."""
        made = self.client(meta, planned).create_project(**_request(planned))["project"]
        state = {**planned, "id": made["arn"]}
        return self.read(meta, state) or state

    def read(self, meta: Connection, state: State) -> State | None:
        """Return the project; what CodeBuild does not tell stays as the state has it."""
        client = self.client(meta, state)
        found = next(iter(client.batch_get_projects(names=[_name(state)])["projects"]), None)
        if found is None:
            return None
        set_tags(meta, state, tag_map(found.get("tags"), "key", "value"))
        environment = found["environment"]
        return {
            **state,
            **_read(_PLAIN, found, {ours: state[ours] for ours in _PLAIN}),
            "id": found["arn"],
            "arn": found["arn"],
            "name": found["name"],
            "region": state.get("region") or meta.region,
            "badge_enabled": "badge" in found and found["badge"].get("badgeEnabled", False),
            "badge_url": found.get("badge", {}).get("badgeRequestUrl", ""),
            "project_visibility": found.get("projectVisibility", "PRIVATE"),
            "public_project_alias": found.get("publicProjectAlias", ""),
            "auto_retry_limit": found.get("autoRetryLimit", 0),
            "artifacts": [_read(_ARTIFACTS, found["artifacts"], only(state["artifacts"]))],
            "source": [
                {**_SOURCE_BLOCKS, **_read(_SOURCE, found["source"], only(state["source"]))}
            ],
            "environment": [
                {
                    **_ENVIRONMENT_BLOCKS,
                    **_read(_ENVIRONMENT, environment, only(state["environment"])),
                    "environment_variable": [
                        {"name": v["name"], "value": v["value"], "type": v.get("type", "PLAINTEXT")}
                        for v in environment.get("environmentVariables", [])
                    ],
                }
            ],
            "cache": _read_cache(found, state),
            "logs_config": _read_logs(found, state),
            "vpc_config": _read_vpc(found, state),
        }

    def update(self, meta: Connection, prior: State, planned: State) -> State:
        """Change the project as a whole; no network takes the one away that it has."""
        request = {"vpcConfig": {}, **_request(planned)}
        self.client(meta, planned).update_project(**request)
        return self.read(meta, planned) or planned

    def delete(self, meta: Connection, state: State) -> None:
        """Delete the project."""
        client = self.client(meta, state)
        gone(lambda: client.delete_project(name=_name(state)), "ResourceNotFoundException")


_SOURCE_BLOCKS: State = {"auth": [], "build_status_config": [], "git_submodules_config": []}
_ENVIRONMENT_BLOCKS: State = {"docker_server": [], "fleet": [], "registry_credential": []}


def _name(state: State) -> str:
    return str(state["id"]).rpartition("/")[2]


def _request(planned: State) -> dict[str, Any]:
    environment = only(planned["environment"]) or {}
    variables = [cut(variable) for variable in environment["environment_variable"]]
    request = {
        "name": planned["name"],
        **{theirs: planned[ours] for ours, theirs in _PLAIN.items()},
        "badgeEnabled": planned["badge_enabled"],
        "artifacts": _write(_ARTIFACTS, only(planned["artifacts"])),
        "source": _write(_SOURCE, only(planned["source"])),
        "environment": {
            **_write(_ENVIRONMENT, environment),
            "environmentVariables": [{**v, "value": v.get("value", "")} for v in variables],
        },
        "cache": _write(_CACHE, only(planned["cache"])) or {"type": "NO_CACHE"},
        "logsConfig": _write_logs(planned),
        "vpcConfig": _write(_VPC, only(planned["vpc_config"])) or None,
        "tags": tag_list(planned["tags_all"], "key", "value"),
    }
    return cut(request)


def _write(names: Names, block: State | None) -> dict[str, Any]:
    return cut({theirs: block[ours] for ours, theirs in names.items()}) if block else {}


def _write_logs(planned: State) -> dict[str, Any] | None:
    logs = only(planned["logs_config"])
    if logs is None:
        return None
    return {
        "cloudWatchLogs": _write(_CLOUDWATCH, only(logs["cloudwatch_logs"]))
        or {"status": "ENABLED"},
        "s3Logs": _write(_S3_LOGS, only(logs["s3_logs"])) or {"status": "DISABLED"},
    }


def _read(names: Names, found: dict[str, Any], before: State | None) -> State:
    kept = before or {}
    known = {ours: found.get(theirs, kept.get(ours)) for ours, theirs in names.items()}
    return {**kept, **{ours: _zero(ours) if v is None else v for ours, v in known.items()}}


def _zero(name: str) -> Value:
    """Return what the provider writes for what is not set: the type's zero, but null for lists."""
    if name in _SWITCHES:
        return False
    if name in _NUMBERS:
        return 0
    return None if name in _LISTS else ""


def _read_cache(found: dict[str, Any], state: State) -> Value:
    if "cache" not in found:
        return _known(state["cache"])
    read = _read(_CACHE, found["cache"], None)
    # The SDK keeps the null of a configured block; in one that was only read the list is empty
    # (seen with hashicorp/aws 3.39.0).
    if read["modes"] is None and not only(_known(state["cache"])):
        read["modes"] = []
    return [read]


def _read_logs(found: dict[str, Any], state: State) -> Value:
    if "logsConfig" not in found:
        return _known(state["logs_config"])
    logs, before = found["logsConfig"], only(state["logs_config"]) or {}
    blocks = (("cloudwatch_logs", "cloudWatchLogs", _CLOUDWATCH), ("s3_logs", "s3Logs", _S3_LOGS))
    return [
        {
            ours: [_read(names, logs[theirs], None)] if theirs in logs else before.get(ours, [])
            for ours, theirs, names in blocks
        }
    ]


def _known(blocks: Value) -> Value:
    return blocks if isinstance(blocks, list) else []


def _read_vpc(found: dict[str, Any], state: State) -> list[State]:
    vpc, before = found.get("vpcConfig"), only(state["vpc_config"])
    if not vpc or not vpc.get("vpcId"):
        return [before] if before else []
    return [_read(_VPC, vpc, None)]
