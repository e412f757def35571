"""Security groups and their rules.

Source of the facts: documentation of hashicorp/aws 6.25, resources aws_security_group,
aws_vpc_security_group_ingress_rule and aws_vpc_security_group_egress_rule; Amazon EC2 API
reference. The rules are made with Terraform's plugin framework: what is not set is null.
"""

from __future__ import annotations

from typing import Any

from embedded.standins.aws.connection import Client, Connection
from embedded.standins.aws.enums import unserved
from embedded.standins.aws.resource import (
    AwsResource,
    chosen_name,
    cut,
    dropped,
    gone,
    prefix_of,
    set_tags,
    tag_list,
    tag_map,
)
from embedded.standins.checks import between, conflicts, exactly_one, length
from embedded.standins.resource import Facts
from embedded.standins.values import State

_NO_GROUP = "InvalidGroup.NotFound"
_NO_RULE = "InvalidSecurityGroupRuleId.NotFound"

EVERYTHING = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
"""What EC2 lets out of a new group, and the provider takes away at once."""


class SecurityGroup(AwsResource):
    """``aws_security_group``; its rules are resources of their own."""

    service = "ec2"
    facts = Facts(
        defaults={"description": "Managed by Terraform", "revoke_rules_on_delete": False},
        force_new=("description", "name", "name_prefix", "region", "vpc_id"),
        checks=(
            conflicts("name", "name_prefix"),
            length("name", 0, 255),
            length("name_prefix", 0, 100),
            length("description", 0, 255),
            unserved("egress", "ingress"),
        ),
    )

    def create(self, meta: Connection, planned: State) -> State:
        """Create the group, without the rule that lets everything out."""
        client, name = self.client(meta, planned), chosen_name(planned)
        request = {
            "GroupName": name,
            "Description": planned["description"],
            "VpcId": planned["vpc_id"],
            "TagSpecifications": _tags_for("security-group", planned),
        }
        made = client.create_security_group(**cut(request))["GroupId"]
        client.revoke_security_group_egress(GroupId=made, IpPermissions=[EVERYTHING])
        planned = {**planned, "id": made, "name": name, "name_prefix": prefix_of(planned)}
        return self.read(meta, planned) or planned

    def read(self, meta: Connection, state: State) -> State | None:
        """Return the group with the rules that others have added."""
        client, group = self.client(meta, state), state["id"]
        answer = gone(lambda: client.describe_security_groups(GroupIds=[group]), _NO_GROUP)
        if answer is None:
            return None
        (found,) = answer["SecurityGroups"]
        set_tags(meta, state, tag_map(found.get("Tags")))
        return {
            **state,
            "arn": meta.arn("ec2", f"security-group/{group}", state.get("region")),
            "description": found["Description"],
            "egress": [_as_attribute(rule) for rule in found.get("IpPermissionsEgress", ())],
            "ingress": [_as_attribute(rule) for rule in found.get("IpPermissions", ())],
            "name": found["GroupName"],
            "name_prefix": prefix_of(state),
            "owner_id": found["OwnerId"],
            "region": state.get("region") or meta.region,
            "revoke_rules_on_delete": state["revoke_rules_on_delete"] or False,
            "vpc_id": found["VpcId"],
        }

    def update(self, meta: Connection, prior: State, planned: State) -> State:
        """Change the tags."""
        _retag(self.client(meta, planned), planned["id"], prior, planned)
        return self.read(meta, planned) or planned

    def delete(self, meta: Connection, state: State) -> None:
        """Delete the group."""
        client = self.client(meta, state)
        gone(lambda: client.delete_security_group(GroupId=state["id"]), _NO_GROUP)


class _Rule(AwsResource):
    """A rule of a group; ``direction`` is in the names of EC2's calls."""

    service = "ec2"
    direction: str
    facts = Facts(
        force_new=("region", "security_group_id"),
        checks=(
            exactly_one("cidr_ipv4", "cidr_ipv6", "prefix_list_id", "referenced_security_group_id"),
            between("from_port", -1, 65535),
            between("to_port", -1, 65535),
            unserved("prefix_list_id"),
        ),
    )

    def create(self, meta: Connection, planned: State) -> State:
        """Add the rule to its group."""
        client = self.client(meta, planned)
        authorize = getattr(client, f"authorize_security_group_{self.direction}")
        request = {
            "GroupId": planned["security_group_id"],
            "IpPermissions": [_permission(planned)],
            "TagSpecifications": _tags_for("security-group-rule", planned),
        }
        (made,) = authorize(**cut(request))["SecurityGroupRules"]
        planned = {**planned, "id": made["SecurityGroupRuleId"]}
        return self.read(meta, planned) or planned

    def read(self, meta: Connection, state: State) -> State | None:
        """Return the rule."""
        client, rule = self.client(meta, state), state["id"]
        answer = gone(
            lambda: client.describe_security_group_rules(SecurityGroupRuleIds=[rule]), _NO_RULE
        )
        found = next(iter(answer["SecurityGroupRules"] if answer else ()), None)
        if found is None:
            return None
        set_tags(meta, state, tag_map(found.get("Tags")))
        every = found["IpProtocol"] == "-1"
        return {
            **state,
            "arn": meta.arn("ec2", f"security-group-rule/{rule}", state.get("region")),
            "cidr_ipv4": found.get("CidrIpv4"),
            "cidr_ipv6": found.get("CidrIpv6"),
            "description": found.get("Description"),
            "from_port": None if every else found.get("FromPort"),
            "ip_protocol": found["IpProtocol"],
            "referenced_security_group_id": found.get("ReferencedGroupInfo", {}).get("GroupId"),
            "region": state.get("region") or meta.region,
            "security_group_id": found["GroupId"],
            "security_group_rule_id": rule,
            "to_port": None if every else found.get("ToPort"),
        }

    def update(self, meta: Connection, prior: State, planned: State) -> State:
        """Change the rule and its tags."""
        client, rule = self.client(meta, planned), planned["id"]
        if _rule(prior) != _rule(planned):
            client.modify_security_group_rules(
                GroupId=planned["security_group_id"],
                SecurityGroupRules=[
                    {"SecurityGroupRuleId": rule, "SecurityGroupRule": _rule(planned)}
                ],
            )
        _retag(client, rule, prior, planned)
        return self.read(meta, planned) or planned

    def delete(self, meta: Connection, state: State) -> None:
        """Take the rule out of its group."""
        client = self.client(meta, state)
        revoke = getattr(client, f"revoke_security_group_{self.direction}")
        gone(
            lambda: revoke(GroupId=state["security_group_id"], SecurityGroupRuleIds=[state["id"]]),
            _NO_GROUP,
            _NO_RULE,
        )


class IngressRule(_Rule):
    """``aws_vpc_security_group_ingress_rule``."""

    direction = "ingress"


class EgressRule(_Rule):
    """``aws_vpc_security_group_egress_rule``."""

    direction = "egress"


def _rule(state: State) -> dict[str, Any]:
    """Return a rule as EC2 describes it."""
    return cut(
        {
            "IpProtocol": state["ip_protocol"],
            "FromPort": state["from_port"],
            "ToPort": state["to_port"],
            "CidrIpv4": state["cidr_ipv4"],
            "CidrIpv6": state["cidr_ipv6"],
            "ReferencedGroupId": state["referenced_security_group_id"],
            "Description": state["description"] or "",
        }
    )


def _permission(state: State) -> dict[str, Any]:
    """Return a rule as EC2 is asked for it."""
    places = (
        ("IpRanges", "CidrIp", "cidr_ipv4"),
        ("Ipv6Ranges", "CidrIpv6", "cidr_ipv6"),
        ("UserIdGroupPairs", "GroupId", "referenced_security_group_id"),
    )
    found: dict[str, Any] = {
        name: [cut({key: state[ours], "Description": state["description"]})]
        for name, key, ours in places
        if state[ours]
    }
    ports = {"FromPort": state["from_port"], "ToPort": state["to_port"]}
    return cut({"IpProtocol": state["ip_protocol"], **ports, **found})


def _as_attribute(rule: dict[str, Any]) -> State:
    """Return a rule as the group's own attribute shows it."""
    return {
        "cidr_blocks": [one["CidrIp"] for one in rule.get("IpRanges", ())],
        "description": "",
        "from_port": rule.get("FromPort", 0),
        "ipv6_cidr_blocks": [one["CidrIpv6"] for one in rule.get("Ipv6Ranges", ())],
        "prefix_list_ids": [],
        "protocol": rule["IpProtocol"],
        "security_groups": [one["GroupId"] for one in rule.get("UserIdGroupPairs", ())],
        "self": False,
        "to_port": rule.get("ToPort", 0),
    }


def _tags_for(kind: str, state: State) -> list[dict[str, Any]] | None:
    tags = tag_list(state["tags_all"])
    return [{"ResourceType": kind, "Tags": tags}] if tags else None


def _retag(client: Client, resource: str, prior: State, planned: State) -> None:
    if dropped(prior, planned):
        client.delete_tags(
            Resources=[resource], Tags=[{"Key": key} for key in dropped(prior, planned)]
        )
    if planned["tags_all"] and planned["tags_all"] != prior["tags_all"]:
        client.create_tags(Resources=[resource], Tags=tag_list(planned["tags_all"]))
