"""Async mode in the module: the publisher function is there if the caller wants it.

Its code is what the installed builder makes: the plan hook says which, and a provisioner stores it
in the bucket. Its rights follow from what the layers say.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from builder.inputs.publisher_code import KEY as CODE_KEY
from builder.inputs.publisher_code import SHA256
from builder.protocol.keys import LayerKeys
from builder.protocol.variables import (
    APP_VARIABLE,
    LAYER_NAMES_VARIABLE,
    NOTIFY_VARIABLE,
    PUBLISHER_VARIABLE,
    SIGNING_KEY_VARIABLE,
)
from builder.spec.role_spec import POLICY_ROOM
from hcl.blocks import Each
from hcl.images import IMAGES
from hcl.names import put_names
from hcl.syntax import Raw, expression, indented
from hcl.template import FUNCTION, LAYER, OPTIONS, PARAMETER
from modules.layer.publisher import FOLDERS, LAYERS, ROLES

HERE, CODE = "build_publisher_count", "build_publisher_code"
PREFIX = "build_publisher_"
POLICIES = f"{PREFIX}policies"

REFERENCE = re.compile(rf"\b(aws_\w+\.{PREFIX}\w+)\.(?=\w)")

LOCALS = {
    HERE: "length(local.layers) > 0 && (var.async || !var.sync_mode) ? 1 : 0",
    CODE: f"""{{
  key    = try(data.external.build_plan.result["{CODE_KEY}"], "")
  sha256 = try(data.external.build_plan.result["{SHA256}"], "")
}}""",
    f"{PREFIX}given": """{
  for name, layer in local.layers : name => layer.layer_name if layer.layer_name != ""
}""",
    f"{PREFIX}own": """sort([
  for name, layer in local.layers :
  local.layer_name[name] if layer.layer_name == "" && !layer.image
])""",
    f"{PREFIX}names": f"concat(local.{PREFIX}own, sort(values(local.{PREFIX}given)))",
    f"{PREFIX}images": f"sort(keys({IMAGES}))",
    f"{PREFIX}moves": "distinct(flatten([for layer in values(local.layers) : layer.functions]))",
    f"{PREFIX}searches": f"""[
  for function in local.{PREFIX}moves : function if function == "*" || startswith(function, "tag:")
]""",
    f"{PREFIX}building": """[
  for name, layer in local.layers :
  name if try(length(layer.python), 0) > 1 || layer.compute == "auto"
]""",
    f"{PREFIX}shared_own": """sort([
  for name, layer in local.layers :
  local.layer_name[name] if length(layer.share) > 0 && layer.layer_name == ""
])""",
    f"{PREFIX}shared_given": """sort([
  for layer in values(local.layers) :
  layer.layer_name if length(layer.share) > 0 && layer.layer_name != ""
])""",
    f"{PREFIX}shared": f"concat(local.{PREFIX}shared_own, local.{PREFIX}shared_given)",
    f"{PREFIX}parameters": """sort([
  for layer in values(local.layers) : layer.parameter if layer.parameter != ""
])""",
    f"{PREFIX}pruned": """[
  for name, layer in local.layers : name if coalesce(layer.keep, 0) > 0
]""",
    f"{PREFIX}pruned_images": f"""[
  for name, layer in {IMAGES} : name if coalesce(layer.keep, 0) > 0
]""",
    f"{PREFIX}pruned_services": f"""[
  for name in local.{PREFIX}pruned_images : name if local.layers[name].supervisor
]""",
}
"""What the function is made of, and for which layers it needs which rights."""


def put_publisher(template: dict[str, Any]) -> None:
    """Let the function, and all that belongs to it, be there only in async mode."""
    resources = template["resource"]
    template["locals"].update({name: Raw(text) for name, text in LOCALS.items()})
    own = [(named, name) for named in resources.values() for name in named if PREFIX in name]
    for named, name in own:
        named[name] = {"count": Raw(f"local.{HERE}"), **_indexed(named[name])}
    policy = resources["aws_iam_role_policy"][f"{PREFIX}permissions"]
    template["locals"][POLICIES] = _policies(policy["policy"])
    policy["policy"] = Raw(
        f"""jsonencode(try([
  for policy in local.{POLICIES} : policy if length(jsonencode(policy)) <= {POLICY_ROOM}
][0], local.{POLICIES}[{LAYERS}]))"""
    )
    approval = resources["aws_s3_object"][f"{LAYER}_approval"]
    function = resources["aws_lambda_function"][f"{PREFIX}function"]
    _function(function, approval["bucket"])
    retries = resources["aws_lambda_function_event_invoke_config"][f"{PREFIX}retries"]
    on_failure = {"destination": Raw("destination_config.value")}
    retries["destination_config"] = [Each({"on_failure": on_failure}, "compact([var.notify])")]
    hook = template["data"]["external"]["build_plan"]["query"]
    resources["terraform_data"][CODE] = _code(approval["depends_on"], hook)
    function["depends_on"].append(f"terraform_data.{CODE}")
    hook["publisher"] = Raw(f"tostring(local.{HERE} > 0)")


def _indexed(value: Any) -> Any:
    if isinstance(value, str):
        return REFERENCE.sub(r"\1[0].", value)
    if isinstance(value, Mapping):
        return {key: item if key == "depends_on" else _indexed(item) for key, item in value.items()}
    return [_indexed(item) for item in value] if isinstance(value, list) else value


def _function(function: dict[str, Any], bucket: str) -> None:
    del function["filename"]
    function["s3_bucket"] = bucket
    function["s3_key"] = Raw(f"local.{CODE}.key")
    function["source_code_hash"] = Raw(f"local.{CODE}.sha256")
    function["tracing_config"] = {"mode": Raw('var.tracing ? "Active" : "PassThrough"')}
    target = {"target_arn": Raw("dead_letter_config.value")}
    function["dead_letter_config"] = [Each(target, "compact([var.dead_letter])")]
    function["environment"] = {
        "variables": Raw(
            f"""merge(
  {{
    {APP_VARIABLE}    = var.app
    {NOTIFY_VARIABLE} = var.notify
  }},
  {{ for key in compact([var.signing_key]) : "{SIGNING_KEY_VARIABLE}" => key }},
  {{
    for names in [local.{PREFIX}given] :
    "{LAYER_NAMES_VARIABLE}" => jsonencode(names) if length(names) > 0
  }},
)"""
        )
    }


def _code(ready: list[str], query: Mapping[str, Any]) -> dict[str, Any]:
    needed = ("account", "assume", "bucket", "profile", "project", "region", "role_arn")
    where = {key: query[key] for key in needed}
    asked = {**put_names(where), "key": Raw("self.input.key")}
    own = [address for address in ready if "aws_s3_bucket" in address]
    return {
        "count": Raw(f"local.{HERE}"),
        "input": {"key": Raw(f"local.{CODE}.key")},
        # A bucket of another name, or one that is made again, gets the zip, too.
        "triggers_replace": Raw(f"[local.{CODE}.key, aws_s3_bucket.build_bucket.id]"),
        "provisioner": [
            {
                "local-exec": {
                    "command": "publisher",
                    "interpreter": Raw('concat(var.command, ["hook"])'),
                    "environment": {PUBLISHER_VARIABLE: Raw(f"jsonencode({expression(asked)})")},
                }
            }
        ],
        "depends_on": own,
    }


def _policies(policy: str) -> Raw:
    """Return the policy with the names of all layers, and with more and more patterns."""
    document = put_names(json.loads(policy), "name")
    rows = [{"when": Raw(_when(one)), "allows": _statement(one)} for one in document["Statement"]]
    statements = (
        f"[\n  for one in {indented(expression(rows)).lstrip()} : one.allows if one.when\n]"
    )
    text = indented(expression({**document, "Statement": Raw(statements)})).lstrip()
    return Raw(f"[\n  for widened in range({LAYERS + 1}) : {text}\n]")


def _when(statement: Mapping[str, Any]) -> str:
    """Return the condition under which the function needs a statement."""
    text, actions = json.dumps(statement), statement["Action"]
    for option, stands in OPTIONS.items():
        if json.dumps(stands) in text:
            return f'var.{option} != ""'
    if "xray:PutTraceSegments" in actions:
        return "var.tracing"
    return f"length(local.{_list(statement)}) > 0" if _list(statement) else "true"


LISTS = {
    ("lambda:GetFunctionConfiguration", "lambda:UpdateFunctionConfiguration"): "moves",
    ("lambda:GetLayerVersion", "lambda:ListFunctions"): "moves",
    ("lambda:ListTags",): "searches",
    ("codebuild:StartBuild", "codebuild:ListBuildsForProject"): "building",
    ("iam:PassRole",): "building",
    ("ssm:GetParameter", "ssm:PutParameter", "ssm:DeleteParameter"): "parameters",
    ("lambda:ListFunctions",): "pruned",
    ("s3:ListBucketVersions",): "pruned",
    ("s3:DeleteObject", "s3:DeleteObjectVersion"): "pruned",
    ("lambda:PublishLayerVersion", "lambda:ListLayerVersions"): "names",
    ("lambda:GetLayerVersion", "lambda:DeleteLayerVersion"): "names",
    ("s3:GetObject", "s3:PutObject"): "images",
    ("ecr:GetAuthorizationToken",): "images",
    ("lambda:GetFunction",): "pruned_images",
    ("ecs:DescribeTasks",): "pruned_services",
}
"""The list that says for which layers or functions a statement is, by its actions."""

ONE = {
    "lambda:AddLayerVersionPermission": "shared",
    "codebuild:StopBuild": "images",
    "ecr:BatchDeleteImage": "images",
    "ecs:ListTaskDefinitions": "pruned_services",
}
"""The same, by one of many actions."""


ALL, ALL_LAYERS = '"*"', '"${var.app}-*"'
PATTERNS: Mapping[str, tuple[int, str, tuple[str, ...]]] = {
    f"{PREFIX}building": (FOLDERS, ALL, ()),
    f"{PREFIX}pruned": (FOLDERS, ALL, ()),
    f"{PREFIX}images": (LAYERS, ALL, ()),
    f"{PREFIX}names": (
        LAYERS,
        ALL_LAYERS,
        (f"{PREFIX}own", f"sort(values(local.{PREFIX}given))"),
    ),
    f"{PREFIX}shared": (
        LAYERS,
        ALL_LAYERS,
        (f"{PREFIX}shared_own", f"local.{PREFIX}shared_given"),
    ),
}
"""From where on a list is a pattern, and which; and those of it that have one, and those that keep
the names that were given."""

EVERY_ROLE = (
    "arn:${local.build_place.partition}:iam::${local.build_place.account}:role${var.role_path}"
    "${var.app}-*${local.role_mark}-${local.build_place.region}-build"
)
"""The build roles of all layers."""


def _list(statement: Mapping[str, Any]) -> str:
    actions = tuple(statement["Action"])
    if actions == ("s3:GetObject",) and f"{LayerKeys('').bundles}/*" in json.dumps(statement):
        return f"{PREFIX}building"
    for action, of in ONE.items():
        if action in actions:
            return f"{PREFIX}{of}"
    return f"{PREFIX}{LISTS[actions]}" if actions in LISTS else ""


def _statement(statement: Mapping[str, Any]) -> dict[str, Any]:
    return {**statement, "Action": _actions(statement), "Resource": _resources(statement)}


def _actions(statement: Mapping[str, Any]) -> Any:
    if OPTIONS["dead_letter"] not in statement["Resource"]:
        return statement["Action"]
    return Raw(
        'length(regexall(":sqs:", var.dead_letter)) > 0 ? ["sqs:SendMessage"] : ["sns:Publish"]'
    )


def _resources(statement: Mapping[str, Any]) -> Any:
    """Return the resources, those of layers or functions for each of them."""
    found, source = statement["Resource"], _list(statement)
    given = {stands: f"${{var.{option}}}" for option, stands in OPTIONS.items()}
    if any(item in given for item in found):
        return [given.get(item, item) for item in found]
    if FUNCTION in json.dumps(found):
        return _functions(found)
    if not any("name]" in item or "{name}" in item or PARAMETER in item for item in found):
        return found
    of_each = [_of_each(item) for item in found]
    if statement["Action"] == ["iam:PassRole"]:
        each = f"sort([for name in local.{source} : {expression(of_each[0])}])"
        return Raw(f"widened < {ROLES} ? {each} : [{expression(EVERY_ROLE)}]")
    names = _widened(source)
    if len(found) == 1:
        return Raw(f"[for name in {names} : {expression(of_each[0])}]")
    return Raw(f"flatten([for name in {names} : {expression(of_each)}])")


def _widened(source: str) -> str:
    """Return the names of a list, or their pattern where the policy has no room for them."""
    if source not in PATTERNS:
        return f"local.{source}"
    level, pattern, given = PATTERNS[source]
    if not given:
        return f"tolist(widened < {level} ? local.{source} : [{pattern}])"
    own = f"length(local.{given[0]}) > 0 ? [{pattern}] : []"
    return f"tolist(widened < {level} ? local.{source} : concat({own}, {given[1]}))"


def _of_each(item: str) -> str:
    # Lists of names in Lambda and of parameters hold what is to be named itself.
    return item.replace("${local.layer_name[name]}", "${name}").replace(PARAMETER, "${name}")


def _functions(found: list[str]) -> Raw:
    (one,) = (item for item in found if FUNCTION in item)
    (every,) = (item for item in found if item != one)
    arn = expression(one.replace(FUNCTION, '${trimsuffix(function, ":$LATEST")}'))
    moves = f"local.{PREFIX}moves"
    return Raw(
        f"concat(\n  sort(distinct([\n    for function in {moves} :\n"
        f'    startswith(function, "arn:") ? trimsuffix(function, ":$LATEST") : {arn}\n'
        f'    if function != "*" && !startswith(function, "tag:")\n  ])),\n'
        f"  length(local.{PREFIX}searches) > 0 ? [{expression(every)}] : [],\n)"
    )
