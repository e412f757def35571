"""The options of an application that are variables of the module: each may be left out.

The template has a value in the place of each. What hangs on that value is there only if the caller
gives one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from hcl.blocks import Each
from hcl.names import put_names
from hcl.syntax import Raw, expression, indented
from hcl.template import KEY, OPTIONS, VPC

STATEMENTS = "build_options"
"""The local value that holds what the options let build roles do."""

NOT_HERE = {
    "name": "the variable app",
    "backend": "a module has no backend: the root that calls it does",
}
"""The keys of ``[app]`` that are no variables of the module, and why."""


NETWORK = {"vpc_id": "id", "subnets": "subnets", "security_group_ids": "security_groups"}
"""The arguments of a project's network, and what the variable calls them."""


def put_options(template: dict[str, Any]) -> None:
    """Let what hangs on an option be there only if the caller gives it."""
    resources = template["resource"]
    policies = resources["aws_iam_role_policy"]
    template["locals"][STATEMENTS] = _of_builds(policies["build_permissions"]["policy"])
    (logging,) = resources["aws_s3_bucket_logging"].values()
    logging.update(count=Raw('var.access_logs == "" ? 0 : 1'), target_bucket=Raw("var.access_logs"))
    (encryption,) = resources["aws_s3_bucket_server_side_encryption_configuration"].values()
    (rule,) = encryption["rule"]
    rule["bucket_key_enabled"] = Raw('var.kms_key != ""')
    rule["apply_server_side_encryption_by_default"] = {
        # checkov understands length(), and does not understand a comparison with "".
        "sse_algorithm": Raw('length(var.kms_key) == 0 ? "AES256" : "aws:kms"'),
        "kms_master_key_id": _or_null("kms_key"),
    }
    network = {n: Raw(f"vpc_config.value.{key}") for n, key in NETWORK.items()}
    for project in resources["aws_codebuild_project"].values():
        project["vpc_config"] = [Each(network, "var.vpc[*]")]
    for named in resources.values():
        for body in named.values():
            for option, stands in OPTIONS.items():
                body.update({n: _or_null(option) for n, value in body.items() if value == stands})
    for role in resources["aws_iam_role"].values():
        role["path"] = Raw("var.role_path")
    for hook in template["data"]["external"].values():
        hook["query"] = {n: _given(value) for n, value in hook["query"].items()}


def statements(policy: str, *more: str) -> Raw:
    """Return a policy of the template as an expression, with other lists of statements.

    What options let a role do is in the local value.
    """
    document = put_names(json.loads(policy))
    fixed = [one for one in document["Statement"] if not _option_of(one)]
    inner = ",\n".join(indented(text) for text in (expression(fixed), *more, f"local.{STATEMENTS}"))
    whole = {**document, "Statement": Raw(f"concat(\n{inner},\n)")}
    return Raw(f"jsonencode({expression(whole)})")


def _of_builds(policy: str) -> Raw:
    found = put_names(json.loads(policy))["Statement"]
    keyed = [_put(one) for one in found if _option_of(one) == "kms_key"]
    network = [_put(one) for one in found if _option_of(one) == "vpc"]
    lists = [indented(expression(value)).lstrip() for value in (keyed[0], network)]
    return Raw(
        f"concat(\n  [for key in compact([var.kms_key]) : {lists[0]}],\n"
        f"  flatten([for vpc in var.vpc[*] : {lists[1]}]),\n)"
    )


def _option_of(statement: Mapping[str, Any]) -> str:
    """Return the option that a statement hangs on, or ""."""
    if KEY in json.dumps(statement):
        return "kms_key"
    is_of_network = all(action.startswith("ec2:") for action in statement["Action"])
    return "vpc" if is_of_network else ""


def _put(value: Any) -> Any:
    """Return a value of a statement with the caller's key, subnets and security groups."""
    if isinstance(value, Mapping):
        return {key: _put(item) for key, item in value.items()}
    if not isinstance(value, list):
        return Raw("key") if value == KEY else value
    lists = [_several(item) for item in value]
    if not any(lists):
        return [_put(item) for item in value]
    rest = [item for item, several in zip(value, lists, strict=True) if not several]
    parts = [*filter(None, lists), *([expression(rest)] if rest else [])]
    return Raw(parts[0] if len(parts) == 1 else f"concat({', '.join(parts)})")


def _several(item: Any) -> str:
    """Return the list of what is there for each subnet or group of the caller's, or ""."""
    for name, key in (("subnet", "subnets"), ("security_group", "security_groups")):
        (stands,) = getattr(VPC, key)
        if isinstance(item, str) and item.endswith(stands):
            text = expression(item.replace(stands, f"${{{name}}}"))
            return f"[for {name} in vpc.{key} : {text}]"
    return ""


def _given(value: Any) -> Any:
    options = [f"${{var.{option}}}" for option, stands in OPTIONS.items() if value == stands]
    return options[0] if options else value


def _or_null(option: str) -> Raw:
    return Raw(f'var.{option} == "" ? null : var.{option}')
