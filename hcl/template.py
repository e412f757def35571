"""The constructs, synthesized once for an application and a layer whose names stand for any.

What comes of it is the same Terraform JSON that a stack has; :mod:`hcl.module` puts the caller's
names in the place of these.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from modules.layer import BuildInfrastructure, Credentials, LambdaLayer, Publisher  # isort: skip - before cdktf
from cdktf import TerraformOutput, TerraformStack, TerraformVariable, Testing

from builder.spec.app_options import Vpc
from builder.spec.app_spec import AppSpec
from builder.spec.layer_spec import LayerSpec
from hcl.images import with_images
from hcl.settings import ASSUME_ROLE, COMMAND, SETTINGS, WEB_IDENTITY, Setting
from modules.layer.bindings import AwsProvider, ExternalProvider

APP = "anyapp"
LAYER = "anylayer"
ROLE = "anyrole"
"""Stands for the ARN of the role of a layer's builds."""

ROLE_PATH, ROLE_MARK = "/anypath/", "-anymark"
"""Stand for the path of roles, and for what their names have of it."""

SHORT = "shortlayer"
"""Stands for what a layer is called in the name of its build role."""

NAME = "lambdaname"
"""Stands for the name that a layer has in Lambda."""

KEY = "arn:aws:kms:zz-any-1:000000000000:key/any"
VPC = Vpc("vpc-00000000", ("subnet-00000000",), ("sg-00000000",))
OPTIONS: Mapping[str, Any] = {
    "kms_key": KEY,
    "permissions_boundary": "arn:aws:iam::000000000000:policy/any",
    "access_logs": "anyaccesslogs",
    "signing_key": "arn:aws:kms:zz-any-1:000000000000:key/anysigning",
    "notify": "arn:aws:sns:zz-any-1:000000000000:anynotify",
    "dead_letter": "arn:aws:sqs:zz-any-1:000000000000:anydead",
    "code_signing": "arn:aws:lambda:zz-any-1:000000000000:code-signing-config:csc-" + 17 * "0",
}
"""Stand for the options of an application, which the caller may leave out."""

ROOT = "${local.root}"
FUNCTION, PARAMETER = "anyfunction", "/anyparameter"
SPEC = LayerSpec(
    LAYER,
    ("3.13",),
    "arm64",
    dependencies=("any",),
    layer_name=NAME,
    functions=(FUNCTION, "*"),
    share=("000000000000",),
    parameter=PARAMETER,
    keep=1,
    compute="auto",
)
"""Has all that the publisher needs rights for."""

IMAGE = LayerSpec(LAYER, ("3.13",), "arm64", dependencies=("any",), image=True)
"""Has what a layer has not."""

SERVED = replace(IMAGE, keep=1, supervisor=True)
"""Has all that the publisher needs other rights for."""


@dataclass(frozen=True)
class TemplateApp(AppSpec):
    """An application whose build roles are named after ``SHORT``: layers' names vary in length."""

    @property
    def role_mark(self) -> str:
        """What names of roles have of their path; that of a layer's is in ``SHORT``."""
        return ROLE_MARK

    def build_role(self, layer: str, region: str) -> str:
        """Return the name of a layer's role."""
        return f"{self.prefix}-{SHORT}-{region}-build"

    def build_role_arn(self, layer: str, region: str, account: str, partition: str) -> str:
        """Return the ARN of a layer's role."""
        return ROLE

    def push_role(self, layer: str, region: str) -> str:
        """Return the name of the role that pushes a layer's image."""
        return f"{self.prefix}-{SHORT}-{region}-push"


def synthesized() -> dict[str, Any]:
    """Return the Terraform JSON of the template, without what cdktf notes for itself."""
    template = _of(SPEC, has_publisher=True)
    return with_images(template, _of(IMAGE, has_publisher=False))


def _of(spec: LayerSpec, *, has_publisher: bool) -> dict[str, Any]:
    stack = TerraformStack(Testing.app(), "module")
    AwsProvider(stack, "aws")
    ExternalProvider(stack, "external")
    values = {setting.name: _reference(stack, setting) for setting in SETTINGS}
    infrastructure = BuildInfrastructure(
        stack,
        "build",
        app=replace(TemplateApp(APP, vpc=VPC, tracing=True, role_path=ROLE_PATH), **OPTIONS),
        credentials=Credentials(
            "${var.profile}",
            "${var.assume_role_arn}",
            assume_role=f"${{var.{ASSUME_ROLE}}}",
            web_identity=f"${{var.{WEB_IDENTITY}}}",
        ),
        **{s.name: values[s.name] for s in SETTINGS if s.of == "infrastructure"},
    )
    publisher = (
        Publisher(
            infrastructure,
            "publisher",
            infrastructure=infrastructure,
            notify=OPTIONS["notify"],
            log_retention_days=values["log_retention_days"],
        )
        if has_publisher
        else None
    )
    layer = LambdaLayer(
        stack,
        LAYER,
        infrastructure=infrastructure,
        spec=spec,
        publisher=publisher,
        root=ROOT,
        program=COMMAND,
        **{s.name: values[s.name] for s in SETTINGS if s.of == "layer"},
    )
    if publisher is not None:
        publisher.serve(SERVED)
    output: TerraformOutput = layer.add_output()
    output.override_logical_id(LAYER)
    return dict(_without_notes(json.loads(Testing.synth(stack))))


def _reference(stack: TerraformStack, setting: Setting) -> Any:
    variable = TerraformVariable(stack, setting.name, type=setting.type)
    variable.override_logical_id(setting.name)
    if setting.type == "number":
        return variable.number_value
    # What a layer is asked goes into a query, which holds text.
    is_flag = setting.type == "bool" and setting.of == "infrastructure"
    return variable.boolean_value if is_flag else variable.string_value


def _without_notes(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_notes(item) for key, item in value.items() if key != "//"}
    if isinstance(value, list):
        return [_without_notes(item) for item in value]
    return value
