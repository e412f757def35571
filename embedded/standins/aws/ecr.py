"""Repositories of ECR.

Source of the facts: documentation of hashicorp/aws 6.25, resources aws_ecr_repository and
aws_ecr_lifecycle_policy; Amazon ECR API reference (forms of names).
"""

from __future__ import annotations

from typing import Any

from embedded.standins.aws.connection import Connection
from embedded.standins.aws.enums import enum, unserved
from embedded.standins.aws.resource import (
    AwsResource,
    cut,
    dropped,
    gone,
    only,
    same_document,
    set_tags,
    tag_list,
    tag_map,
)
from embedded.standins.checks import json_object, length, matches
from embedded.standins.resource import Facts
from embedded.standins.values import State

_GONE = "RepositoryNotFoundException"
_NO_POLICY = "LifecyclePolicyNotFoundException"


class Repository(AwsResource):
    """``aws_ecr_repository``."""

    service = "ecr"
    facts = Facts(
        defaults={"force_delete": False, "image_tag_mutability": "MUTABLE"},
        force_new=("encryption_configuration", "name", "region"),
        kept_blocks=("encryption_configuration", "image_scanning_configuration"),
        checks=(
            matches(
                "name",
                r"[a-z0-9]+([._-]+[a-z0-9]+)*(/[a-z0-9]+([._-]+[a-z0-9]+)*)*",
                "a name of lower-case letters, digits and ._-/",
            ),
            length("name", 2, 256),
            enum("image_tag_mutability", "ecr", "ImageTagMutability"),
            enum("encryption_configuration.encryption_type", "ecr", "EncryptionType"),
            unserved("image_tag_mutability_exclusion_filter"),
        ),
    )

    def create(self, meta: Connection, planned: State) -> State:
        """Create the repository."""
        request = {
            "repositoryName": planned["name"],
            "imageTagMutability": planned["image_tag_mutability"],
            "imageScanningConfiguration": _scanning(planned),
            "encryptionConfiguration": _encryption(planned),
            "tags": tag_list(planned["tags_all"]) or None,
        }
        self.client(meta, planned).create_repository(**cut(request))
        made = {**planned, "id": planned["name"]}
        return self.read(meta, made) or made

    def read(self, meta: Connection, state: State) -> State | None:
        """Return the repository."""
        client, name = self.client(meta, state), state["id"]
        answer = gone(lambda: client.describe_repositories(repositoryNames=[name]), _GONE)
        if answer is None:
            return None
        (found,) = answer["repositories"]
        arn = found["repositoryArn"]
        set_tags(meta, state, tag_map(client.list_tags_for_resource(resourceArn=arn)["tags"]))
        encryption = found["encryptionConfiguration"]
        return {
            **state,
            "arn": arn,
            "encryption_configuration": [
                {
                    "encryption_type": encryption["encryptionType"],
                    "kms_key": encryption.get("kmsKey", ""),
                }
            ],
            "force_delete": state["force_delete"] or False,
            "image_scanning_configuration": [
                {"scan_on_push": found["imageScanningConfiguration"]["scanOnPush"]}
            ],
            "image_tag_mutability": found["imageTagMutability"],
            "name": name,
            "region": state.get("region") or meta.region,
            "registry_id": found["registryId"],
            "repository_url": found["repositoryUri"],
        }

    def update(self, meta: Connection, prior: State, planned: State) -> State:
        """Change mutability, scanning and tags."""
        client, name, arn = self.client(meta, planned), planned["id"], planned["arn"]
        if prior["image_tag_mutability"] != planned["image_tag_mutability"]:
            client.put_image_tag_mutability(
                repositoryName=name, imageTagMutability=planned["image_tag_mutability"]
            )
        if _scanning(prior) != _scanning(planned):
            client.put_image_scanning_configuration(
                repositoryName=name, imageScanningConfiguration=_scanning(planned)
            )
        if dropped(prior, planned):
            client.untag_resource(resourceArn=arn, tagKeys=dropped(prior, planned))
        if planned["tags_all"] and planned["tags_all"] != prior["tags_all"]:
            client.tag_resource(resourceArn=arn, tags=tag_list(planned["tags_all"]))
        return self.read(meta, planned) or planned

    def delete(self, meta: Connection, state: State) -> None:
        """Delete the repository; one with images only if it is forced."""
        client = self.client(meta, state)
        force = bool(state["force_delete"])
        gone(lambda: client.delete_repository(repositoryName=state["id"], force=force), _GONE)


def _scanning(state: State) -> dict[str, Any] | None:
    block = only(state["image_scanning_configuration"])
    return {"scanOnPush": block["scan_on_push"]} if block else None


def _encryption(state: State) -> dict[str, Any] | None:
    block = only(state["encryption_configuration"])
    if not block:
        return None
    return cut({"encryptionType": block["encryption_type"] or "AES256", "kmsKey": block["kms_key"]})


class LifecyclePolicy(AwsResource):
    """``aws_ecr_lifecycle_policy``."""

    service = "ecr"
    facts = Facts(
        force_new=("region", "repository"),
        json=("policy",),
        checks=(json_object("policy"), length("policy", 100, 30720)),
    )

    def create(self, meta: Connection, planned: State) -> State:
        """Put the policy."""
        self.client(meta, planned).put_lifecycle_policy(
            repositoryName=planned["repository"], lifecyclePolicyText=planned["policy"]
        )
        made = {**planned, "id": planned["repository"]}
        return self.read(meta, made) or made

    def read(self, meta: Connection, state: State) -> State | None:
        """Return the policy."""
        client, name = self.client(meta, state), state["id"]
        found = gone(lambda: client.get_lifecycle_policy(repositoryName=name), _GONE, _NO_POLICY)
        if found is None:
            return None
        return {
            **state,
            "policy": same_document(state["policy"], found["lifecyclePolicyText"]),
            "region": state.get("region") or meta.region,
            "registry_id": found["registryId"],
            "repository": name,
        }

    def update(self, meta: Connection, prior: State, planned: State) -> State:
        """Put the new policy in the old one's place."""
        return self.create(meta, planned)

    def delete(self, meta: Connection, state: State) -> None:
        """Delete the policy."""
        client = self.client(meta, state)
        gone(lambda: client.delete_lifecycle_policy(repositoryName=state["id"]), _GONE, _NO_POLICY)
