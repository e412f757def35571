"""Clusters and task definitions of ECS.

Source of the facts: documentation of hashicorp/aws 6.25, resources aws_ecs_cluster and
aws_ecs_task_definition; Amazon ECS API reference, ContainerDefinition (what is there by default).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from embedded.standins.aws.connection import Connection
from embedded.standins.aws.enums import enum, unserved
from embedded.standins.aws.resource import (
    AwsResource,
    cut,
    dropped,
    gone,
    only,
    set_tags,
    tag_list,
    tag_map,
)
from embedded.standins.checks import arn, matches, one_of
from embedded.standins.errors import ProviderError
from embedded.standins.resource import Facts
from embedded.standins.values import State, Value

_NO_CLUSTER = "ClusterNotFoundException"
_NO_DEFINITION = "ClientException"
_NAME = r"[A-Za-z0-9_-]{1,255}"
_WORDS = "a name of up to 255 letters, digits, - and _"


def _plain_volumes(config: State) -> Iterator[ProviderError]:
    """Refuse volumes that are more than a folder of the task: they are not made here."""
    volumes = config["volume"] if isinstance(config.get("volume"), list) else []
    for volume in volumes:
        more = sorted(key for key, value in volume.items() if key != "name" and value)
        if more:
            yield ProviderError(
                f"The stand-in for hashicorp/aws does not serve {', '.join(more)} of a volume",
                "Use the real provider for this configuration.",
                path=("volume",),
            )


class Cluster(AwsResource):
    """``aws_ecs_cluster``."""

    service = "ecs"
    facts = Facts(
        force_new=("name", "region"),
        computed_blocks=("setting",),
        checks=(
            matches("name", _NAME, _WORDS),
            enum("setting.name", "ecs", "ClusterSettingName"),
            unserved("configuration", "service_connect_defaults"),
        ),
    )

    def create(self, meta: Connection, planned: State) -> State:
        """Create the cluster."""
        request = {
            "clusterName": planned["name"],
            "settings": _settings(planned) or None,
            "tags": _tags(planned) or None,
        }
        made = self.client(meta, planned).create_cluster(**cut(request))["cluster"]
        planned = {**planned, "id": made["clusterArn"]}
        return self.read(meta, planned) or planned

    def read(self, meta: Connection, state: State) -> State | None:
        """Return the cluster, unless it is inactive."""
        client = self.client(meta, state)
        answer = client.describe_clusters(clusters=[state["id"]], include=["TAGS", "SETTINGS"])
        found = next((one for one in answer["clusters"] if one["status"] != "INACTIVE"), None)
        if found is None:
            return None
        set_tags(meta, state, tag_map(found.get("tags"), "key", "value"))
        return {
            **state,
            "arn": found["clusterArn"],
            "id": found["clusterArn"],
            "name": found["clusterName"],
            "region": state.get("region") or meta.region,
            "setting": [
                {"name": one["name"], "value": one["value"]} for one in found.get("settings", ())
            ],
        }

    def update(self, meta: Connection, prior: State, planned: State) -> State:
        """Change settings and tags."""
        client = self.client(meta, planned)
        if _settings(prior) != _settings(planned):
            client.update_cluster_settings(cluster=planned["id"], settings=_settings(planned))
        _retag(client, prior, planned)
        return self.read(meta, planned) or planned

    def delete(self, meta: Connection, state: State) -> None:
        """Delete the cluster."""
        client = self.client(meta, state)
        gone(lambda: client.delete_cluster(cluster=state["id"]), _NO_CLUSTER)


class TaskDefinition(AwsResource):
    """``aws_ecs_task_definition``: a change makes a new revision, the old one is deregistered."""

    service = "ecs"
    facts = Facts(
        defaults={"skip_destroy": False, "track_latest": False},
        force_new=(
            *("container_definitions", "cpu", "enable_fault_injection", "ephemeral_storage"),
            *("execution_role_arn", "family", "ipc_mode", "memory", "network_mode", "pid_mode"),
            *("placement_constraints", "proxy_configuration", "region"),
            *("requires_compatibilities", "runtime_platform", "task_role_arn", "volume"),
        ),
        checks=(
            matches("family", _NAME, _WORDS),
            enum("network_mode", "ecs", "NetworkMode"),
            enum("requires_compatibilities", "ecs", "Compatibility"),
            enum("runtime_platform.cpu_architecture", "ecs", "CPUArchitecture"),
            enum("runtime_platform.operating_system_family", "ecs", "OSFamily"),
            one_of("ephemeral_storage.size_in_gib", *range(21, 201)),
            arn("execution_role_arn"),
            arn("task_role_arn"),
            _plain_volumes,
            unserved("ipc_mode", "pid_mode", "placement_constraints", "proxy_configuration"),
        ),
    )

    def plan(self, meta: Connection, prior: State | None, planned: State, config: State) -> None:
        """See no difference between definitions that say the same."""
        super().plan(meta, prior, planned, config)
        if prior and same_containers(
            prior["container_definitions"], planned["container_definitions"]
        ):
            planned["container_definitions"] = prior["container_definitions"]

    def create(self, meta: Connection, planned: State) -> State:
        """Register the definition."""
        storage = only(planned["ephemeral_storage"])
        platform = only(planned["runtime_platform"])
        request = {
            "family": planned["family"],
            "containerDefinitions": json.loads(planned["container_definitions"]),
            "cpu": planned["cpu"],
            "memory": planned["memory"],
            "networkMode": planned["network_mode"],
            "requiresCompatibilities": planned["requires_compatibilities"],
            "taskRoleArn": planned["task_role_arn"],
            "executionRoleArn": planned["execution_role_arn"],
            "volumes": [{"name": volume["name"]} for volume in planned["volume"] or ()] or None,
            "tags": _tags(planned) or None,
        }
        if storage:
            request["ephemeralStorage"] = {"sizeInGiB": int(storage["size_in_gib"])}
        if platform:
            request["runtimePlatform"] = cut(
                {
                    "cpuArchitecture": platform["cpu_architecture"],
                    "operatingSystemFamily": platform["operating_system_family"],
                }
            )
        client = self.client(meta, planned)
        made = client.register_task_definition(**cut(request))["taskDefinition"]
        planned = {**planned, "id": planned["family"], "arn": made["taskDefinitionArn"]}
        return self.read(meta, planned) or planned

    def read(self, meta: Connection, state: State) -> State | None:
        """Return the definition, unless it is deregistered."""
        client = self.client(meta, state)
        which = state["family"] if state["track_latest"] else (state.get("arn") or state["id"])
        answer = gone(
            lambda: client.describe_task_definition(taskDefinition=which, include=["TAGS"]),
            _NO_DEFINITION,
        )
        if answer is None or answer["taskDefinition"]["status"] != "ACTIVE":
            return None
        found = answer["taskDefinition"]
        set_tags(meta, state, tag_map(answer.get("tags"), "key", "value"))
        arn_, containers = found["taskDefinitionArn"], json.dumps(found["containerDefinitions"])
        known = state["container_definitions"]
        return {
            **state,
            "arn": arn_,
            "arn_without_revision": arn_.rpartition(":")[0],
            "container_definitions": known if same_containers(known, containers) else containers,
            "cpu": found.get("cpu", ""),
            "enable_fault_injection": found.get("enableFaultInjection", False),
            "ephemeral_storage": _storage(found),
            "execution_role_arn": found.get("executionRoleArn", ""),
            "family": found["family"],
            "id": found["family"],
            "ipc_mode": "",
            "memory": found.get("memory", ""),
            "network_mode": found.get("networkMode", ""),
            "pid_mode": "",
            "region": state.get("region") or meta.region,
            "requires_compatibilities": found.get("requiresCompatibilities", []),
            "revision": found["revision"],
            "runtime_platform": _platform(found),
            "skip_destroy": state["skip_destroy"] or False,
            "task_role_arn": found.get("taskRoleArn", ""),
            "track_latest": state["track_latest"] or False,
            "volume": [_volume(one["name"]) for one in found.get("volumes", ())],
        }

    def update(self, meta: Connection, prior: State, planned: State) -> State:
        """Change the tags."""
        _retag(self.client(meta, planned), prior, planned)
        return self.read(meta, planned) or planned

    def delete(self, meta: Connection, state: State) -> None:
        """Deregister the revision: tasks that run go on, none can be started of it."""
        client = self.client(meta, state)
        if not state["skip_destroy"]:
            gone(
                lambda: client.deregister_task_definition(taskDefinition=state["arn"]),
                _NO_DEFINITION,
            )


def same_containers(one: Value, other: Value) -> bool:
    """Whether two texts define the same containers, once what AWS adds by itself is left out."""
    try:
        left, right = ([_plain(c) for c in json.loads(text)] for text in (one, other))
    except (TypeError, ValueError):
        return False
    return left == right


def _plain(container: dict[str, Any]) -> dict[str, Any]:
    plain = {"cpu": 0, "essential": True, **container}
    plain["environment"] = sorted(plain.get("environment") or (), key=lambda one: str(one["name"]))
    plain["mountPoints"] = [_without_false(one) for one in plain.get("mountPoints") or ()]
    return {key: value for key, value in plain.items() if value not in (None, [], {})}


def _without_false(mount: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in mount.items() if value is not False}


def _storage(found: dict[str, Any]) -> list[State]:
    storage = found.get("ephemeralStorage")
    return [{"size_in_gib": storage["sizeInGiB"]}] if storage else []


def _platform(found: dict[str, Any]) -> list[State]:
    platform = found.get("runtimePlatform")
    if not platform:
        return []
    return [
        {
            "cpu_architecture": platform.get("cpuArchitecture", ""),
            "operating_system_family": platform.get("operatingSystemFamily", ""),
        }
    ]


def _volume(name: str) -> State:
    more = ("docker", "efs", "fsx_windows_file_server")
    return {
        "name": name,
        "host_path": "",
        "configure_at_launch": False,
        **{f"{kind}_volume_configuration": [] for kind in more},
    }


def _settings(state: State) -> list[dict[str, str]]:
    blocks = state["setting"] if isinstance(state["setting"], list) else []
    return [{"name": one["name"], "value": one["value"]} for one in blocks]


def _tags(state: State) -> list[Any]:
    return tag_list(state["tags_all"], "key", "value")


def _retag(client: Any, prior: State, planned: State) -> None:
    arn_ = planned["arn"]
    if dropped(prior, planned):
        client.untag_resource(resourceArn=arn_, tagKeys=dropped(prior, planned))
    if planned["tags_all"] and planned["tags_all"] != prior["tags_all"]:
        client.tag_resource(resourceArn=arn_, tags=_tags(planned))
