"""Roles and their policies.

Source of the facts: documentation of hashicorp/aws 6.25, resources aws_iam_role,
aws_iam_role_policy and aws_iam_role_policy_attachment; IAM's limits from its user guide.
"""

from __future__ import annotations

from embedded.standins.aws.connection import Client, Connection
from embedded.standins.aws.resource import (
    AwsResource,
    chosen_name,
    cut,
    document,
    dropped,
    gone,
    prefix_of,
    same_document,
    set_tags,
    tag_list,
    tag_map,
)
from embedded.standins.checks import arn, between, conflicts, json_object, length, matches
from embedded.standins.resource import Facts
from embedded.standins.values import State, same_json

_GONE = "NoSuchEntity"
_NAME = r"[\w+=,.@-]{1,64}"


class Role(AwsResource):
    """``aws_iam_role``."""

    service = "iam"
    facts = Facts(
        defaults={"force_detach_policies": False, "max_session_duration": 3600, "path": "/"},
        force_new=("name", "name_prefix", "path"),
        computed_blocks=("inline_policy",),
        json=("assume_role_policy",),
        checks=(
            conflicts("name", "name_prefix"),
            matches("name", _NAME, "a role name of up to 64 letters, digits and +=,.@-_"),
            length("name_prefix", 0, 38),
            length("description", 0, 1000),
            length("path", 1, 512),
            between("max_session_duration", 3600, 43200),
            json_object("assume_role_policy"),
            json_object("inline_policy.policy"),
            arn("permissions_boundary"),
            arn("managed_policy_arns"),
        ),
    )

    def create(self, meta: Connection, planned: State) -> State:
        """Create the role with its inline and managed policies."""
        client, name = self.client(meta, planned), chosen_name(planned)
        request = {
            "RoleName": name,
            "AssumeRolePolicyDocument": planned["assume_role_policy"],
            "Path": planned["path"],
            "Description": planned["description"],
            "MaxSessionDuration": planned["max_session_duration"],
            "PermissionsBoundary": planned["permissions_boundary"],
            "Tags": tag_list(planned["tags_all"]) or None,
        }
        client.create_role(**cut(request))
        made = {**planned, "id": name, "name": name, "name_prefix": prefix_of(planned)}
        _set_policies(client, made)
        return self.read(meta, made) or made

    def read(self, meta: Connection, state: State) -> State | None:
        """Return the role."""
        client, name = self.client(meta, state), state["id"]
        found = gone(lambda: client.get_role(RoleName=name)["Role"], _GONE)
        if found is None:
            return None
        set_tags(meta, state, tag_map(found.get("Tags")))
        return {
            **state,
            "arn": found["Arn"],
            "assume_role_policy": same_document(
                state["assume_role_policy"], found["AssumeRolePolicyDocument"]
            ),
            "create_date": found["CreateDate"].strftime("%Y-%m-%dT%H:%M:%SZ"),
            "description": found.get("Description", ""),
            "force_detach_policies": state["force_detach_policies"] or False,
            "inline_policy": _inline(client, name, state),
            "managed_policy_arns": _attached(client, name),
            "max_session_duration": found.get("MaxSessionDuration", 3600),
            "name": found["RoleName"],
            "name_prefix": prefix_of(state),
            "path": found["Path"],
            "permissions_boundary": found.get("PermissionsBoundary", {}).get(
                "PermissionsBoundaryArn", ""
            ),
            "unique_id": found["RoleId"],
        }

    def update(self, meta: Connection, prior: State, planned: State) -> State:
        """Change what can be changed in place."""
        client, name = self.client(meta, planned), planned["id"]
        if prior["assume_role_policy"] != planned["assume_role_policy"]:
            client.update_assume_role_policy(
                RoleName=name, PolicyDocument=planned["assume_role_policy"]
            )
        if any(prior[a] != planned[a] for a in ("description", "max_session_duration")):
            client.update_role(
                RoleName=name,
                Description=planned["description"] or "",
                MaxSessionDuration=planned["max_session_duration"],
            )
        boundary = planned["permissions_boundary"]
        if boundary and boundary != prior["permissions_boundary"]:
            client.put_role_permissions_boundary(RoleName=name, PermissionsBoundary=boundary)
        elif prior["permissions_boundary"] and not boundary:
            client.delete_role_permissions_boundary(RoleName=name)
        if dropped(prior, planned):
            client.untag_role(RoleName=name, TagKeys=dropped(prior, planned))
        if planned["tags_all"]:
            client.tag_role(RoleName=name, Tags=tag_list(planned["tags_all"]))
        if any(prior[a] != planned[a] for a in ("inline_policy", "managed_policy_arns")):
            _set_policies(client, planned)
        return self.read(meta, planned) or planned

    def delete(self, meta: Connection, state: State) -> None:
        """Delete the role with what is attached to it: Terraform has just read that."""
        client, name = self.client(meta, state), state["id"]

        def remove() -> None:
            for policy in _attached(client, name):
                client.detach_role_policy(RoleName=name, PolicyArn=policy)
            for policy in client.list_role_policies(RoleName=name)["PolicyNames"]:
                client.delete_role_policy(RoleName=name, PolicyName=policy)
            client.delete_role(RoleName=name)

        gone(remove, _GONE)


def _set_policies(client: Client, state: State) -> None:
    """Make configured inline and managed policies the only ones."""
    name, managed = state["id"], state["managed_policy_arns"]
    if isinstance(managed, list):
        for policy in set(_attached(client, name)) - set(managed):
            client.detach_role_policy(RoleName=name, PolicyArn=policy)
        for policy in managed:
            client.attach_role_policy(RoleName=name, PolicyArn=policy)
    inline = state["inline_policy"]
    if isinstance(inline, list):
        for policy in inline:
            if policy["name"]:
                client.put_role_policy(
                    RoleName=name, PolicyName=policy["name"], PolicyDocument=policy["policy"]
                )


def _attached(client: Client, role: str) -> list[str]:
    found = client.list_attached_role_policies(RoleName=role)["AttachedPolicies"]
    return [policy["PolicyArn"] for policy in found]


def _inline(client: Client, role: str, state: State) -> list[State]:
    before = state["inline_policy"]
    kept = {p["name"]: p["policy"] for p in before} if isinstance(before, list) else {}
    found = []
    for name in client.list_role_policies(RoleName=role)["PolicyNames"]:
        policy = client.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
        found.append({"name": name, "policy": same_document(kept.get(name), policy)})
    return found


class RolePolicy(AwsResource):
    """``aws_iam_role_policy``."""

    service = "iam"
    facts = Facts(
        force_new=("name", "name_prefix", "role"),
        json=("policy",),
        checks=(
            conflicts("name", "name_prefix"),
            matches("name", r"[\w+=,.@-]{1,128}", "a policy name of up to 128 letters, digits ..."),
            matches("role", _NAME, "the name (not the ARN) of a role"),
            json_object("policy"),
        ),
    )

    def create(self, meta: Connection, planned: State) -> State:
        """Put the policy on the role."""
        name = chosen_name(planned)
        made = {**planned, "id": f"{planned['role']}:{name}", "name": name}
        made["name_prefix"] = prefix_of(planned)
        self.client(meta, planned).put_role_policy(
            RoleName=planned["role"], PolicyName=name, PolicyDocument=planned["policy"]
        )
        return self.read(meta, made) or made

    def read(self, meta: Connection, state: State) -> State | None:
        """Return the policy."""
        client = self.client(meta, state)
        role, _, name = state["id"].partition(":")
        found = gone(lambda: client.get_role_policy(RoleName=role, PolicyName=name), _GONE)
        if found is None:
            return None
        policy = document(found["PolicyDocument"])
        return {
            **state,
            "role": role,
            "name": name,
            "name_prefix": prefix_of(state),
            "policy": state["policy"] if same_json(state["policy"], policy) else policy,
        }

    def update(self, meta: Connection, prior: State, planned: State) -> State:
        """Put the new policy in the old one's place."""
        return self.create(meta, planned)

    def delete(self, meta: Connection, state: State) -> None:
        """Remove the policy."""
        client = self.client(meta, state)
        role, _, name = state["id"].partition(":")
        gone(lambda: client.delete_role_policy(RoleName=role, PolicyName=name), _GONE)


class RolePolicyAttachment(AwsResource):
    """``aws_iam_role_policy_attachment``."""

    service = "iam"
    facts = Facts(force_new=("policy_arn", "role"), checks=(arn("policy_arn"),))

    def create(self, meta: Connection, planned: State) -> State:
        """Attach the policy."""
        role, policy = planned["role"], planned["policy_arn"]
        self.client(meta, planned).attach_role_policy(RoleName=role, PolicyArn=policy)
        return {**planned, "id": f"{role}/{policy}"}

    def read(self, meta: Connection, state: State) -> State | None:
        """Return the attachment if it is there."""
        client = self.client(meta, state)
        role, _, policy = state["id"].partition("/")
        found = gone(lambda: _attached(client, role), _GONE)
        if found is None or policy not in found:
            return None
        return {**state, "role": role, "policy_arn": policy}

    def update(self, meta: Connection, prior: State, planned: State) -> State:
        """Do nothing: every change makes a new attachment."""
        return planned

    def delete(self, meta: Connection, state: State) -> None:
        """Detach the policy."""
        client = self.client(meta, state)
        role, policy = state["role"], state["policy_arn"]
        gone(lambda: client.detach_role_policy(RoleName=role, PolicyArn=policy), _GONE)
