"""The outputs of the module: maps by layer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from builder.protocol.statuses import BUILDING
from hcl.images import of_its_kind
from hcl.names import put_names
from hcl.specs import each
from hcl.syntax import Attribute, Block, Raw, expression, split
from hcl.template import LAYER

MAPS = {
    "arns": ("layer_arn", "The ARNs of the published layer versions, for a function's `layers`"),
    "image_uris": ("image_uri", "The images of layers that are images, for `image_uri`"),
    "versions": ("version", "The numbers of the published layer versions"),
    "fingerprints": ("fingerprint", "The fingerprints of what was published"),
    "statuses": ("status", "How the layers are: current, building, failed, missing, stale, ..."),
    "reasons": ("reason", "Why a layer is rebuilt, or why it was built last"),
}
"""One attribute of all layers each, or of those that have it."""

_ACCOUNT = "${local.build_place.account}"
_REGION = "${local.build_place.region}"

NONE_YET = {
    "layer_arn": f"arn:${{local.build_place.partition}}:lambda:{_REGION}:{_ACCOUNT}:layer:",
    "image_uri": f"{_ACCOUNT}.dkr.ecr.{_REGION}.amazonaws.com/",
}
"""What the address of a layer begins with, where there is no version yet."""

_ONLY = {"arns": "!local.layers[name].image", "image_uris": "local.layers[name].image"}

NAMES = {
    "bucket": ("aws_s3_bucket.build_bucket.bucket", "The bucket of inputs, artifacts and records"),
    "project": ("aws_codebuild_project.build_project.name", "The CodeBuild project"),
    "log_group": ("aws_cloudwatch_log_group.build_logs.name", "The log group of all builds"),
}


def outputs(template: Mapping[str, Any]) -> Iterator[Block]:
    """Yield the outputs."""
    own = put_names(template["output"][LAYER], "name")
    for name, (key, text) in MAPS.items():
        text_of = own["value"][key]
        if key in NONE_YET:
            text_of = Raw(_for_functions(own["value"], key))
        only = _ONLY.get(name, "")
        yield _output(name, text, each("name in keys(local.layers)", "name", text_of, only))
    value = of_its_kind(expression(own["value"]))
    whole = each("name in keys(local.layers)", "name", value)
    yield _output("layers", "All that there is to know of each layer", whole, _released(own))
    text = "What functions need to use each service, and where it is (terraform/service/outputs.tf)"
    yield _output(
        "services", text, Raw("{ for name, service in module.service : name => service }")
    )
    for name, (reference, text) in NAMES.items():
        yield _output(name, text, Raw(reference))


def _for_functions(own: Mapping[str, str], key: str) -> str:
    """Return ARN or image; while the first build runs in async mode, one that Lambda refuses.

    It is refused where it is used, and the apply that began the build succeeds elsewhere.
    """
    ((found, _),), ((status, _),) = split(own[key]), split(own["status"])
    none = f"{NONE_YET[key]}${{local.layer_name[name]}}:no-version-yet"
    return f'{status} == "{BUILDING}" && {found} == "" ? "{none}" : {found}'


def _output(name: str, text: str, value: Raw, *more: Block) -> Block:
    return Block(
        "output", (name,), [Attribute("description", text), Attribute("value", value), *more]
    )


def _released(own: Mapping[str, Any]) -> Block:
    ((condition, _),) = split(own["precondition"]["condition"])
    message = own["precondition"]["error_message"]
    wrong = f'[for name in keys(local.layers) : "{message}" if !{condition}]'
    return Block(
        "precondition",
        (),
        [
            Attribute("condition", Raw(f"length({wrong}) == 0")),
            Attribute("error_message", f'${{join("\\n", {wrong})}}'),
        ],
    )
