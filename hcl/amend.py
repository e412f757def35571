"""What a module has in another form than a stack, because its layers are not known yet."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from hcl.blocks import NAMES, Each
from hcl.images import RETIREMENTS, base
from hcl.names import EACH, put_names, without_key
from hcl.options import put_options, statements
from hcl.publisher import put_publisher
from hcl.roles import THEIRS, names_of, put_roles
from hcl.specs import each
from hcl.syntax import Raw, expression, indented
from hcl.template import LAYER

PLACE = {
    "account": ("aws_caller_identity", "account_id"),
    "region": ("aws_region", "region"),
    "partition": ("aws_partition", "partition"),
}
"""The data sources that say where the provider works, and their attributes."""

SPEC = "${local.layer_spec[each.key]}"


def amend(template: dict[str, Any]) -> None:
    """Let the template's resources be those of any set of layers."""
    template["locals"]["build_release-hook"] = _command("release")
    external, resources = template["data"]["external"], template["resource"]
    _place(template)
    put_publisher(template)
    put_options(template)
    _plan_hook(external["build_plan"])
    _release_hook(external[f"{LAYER}_release"])
    _answer(template["locals"])
    _retirement(template["locals"], resources["terraform_data"]["build_retire"])
    _encryption(resources["aws_ecr_repository"][f"{LAYER}_repository"])
    _expiry(resources["aws_s3_bucket_lifecycle_configuration"]["build_lifecycle"])
    _policies(resources["aws_iam_role_policy"])
    put_roles(template)
    _approval(template["locals"], resources["aws_s3_object"][f"{LAYER}_approval"])


def _place(template: dict[str, Any]) -> None:
    # What the caller gives counts at once; what the provider says is compared with it.
    known = template["locals"]["build_place"]
    for part, (source, attribute) in PLACE.items():
        known[part] = Raw(f"coalesce(var.{part}, terraform_data.build_remembered.input.{part})")
        check = {
            "condition": f"${{var.{part} == null || self.{attribute} == var.{part}}}",
            "error_message": f"The aws provider works in {part} ${{self.{attribute}}}, and the "
            f"layers are to be in ${{coalesce(var.{part}, self.{attribute})}} (variable {part}). "
            "Let both be one: pass the module the provider of that place (providers = ...), or "
            "correct the variable.",
        }
        (asked,) = template["data"][source].values()
        asked["lifecycle"] = {"postcondition": check}


def _command(hook: str) -> Raw:
    return Raw(f'concat(var.command, ["hook", "{hook}"])')


def _plan_hook(hook: dict[str, Any]) -> None:
    # Of no layers nothing is asked: the hook would refuse it.
    (shared, own), name = _divided(hook["query"]), "name"
    own["spec"] = SPEC
    answers = {f"{LAYER}.{key}": value for key, value in own.items()}
    asked = put_names(answers, name)
    each_layer = expression(asked).replace(f"[{EACH}]", f"[{name}]").replace("\n", "\n    ")
    hook["program"] = Raw(f"length(local.layers) == 0 ? local.build_no-release : {_plan()}")
    own_layer, roles = indented(each_layer).lstrip(), indented(names_of("name")).lstrip()
    hook["query"] = Raw(
        f"merge(\n  {indented(expression(put_names(shared))).lstrip()},\n  concat(\n"
        f"    [\n      for name in keys(local.layers) : {own_layer}\n    ],\n"
        f"    [\n      for name in keys(local.layers) :\n"
        f'      {{ "${{name}}.roles" = {roles} }}\n      if {THEIRS}\n    ],\n  )...\n)'
    )


def _plan() -> str:
    return _command("plan").text


def _divided(query: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Return what all layers are asked alike, and what one is."""
    prefix = f"{LAYER}."
    shared = {key: value for key, value in query.items() if not key.startswith(prefix)}
    own = {k.removeprefix(prefix): v for k, v in query.items() if k.startswith(prefix)}
    return shared, own


def _release_hook(hook: dict[str, Any]) -> None:
    del hook["depends_on"]
    hook["query"] = {
        **hook["query"],
        "spec": SPEC,
        "approval": "${local.layer_approved[each.key]}",
    }


def _answer(shared: dict[str, Any]) -> None:
    # A plan with -target knows of no release of the layers that it leaves out.
    released, planned = f"data.external.{LAYER}_release.result", f"tomap(local.{LAYER}_plan)"
    answer = shared[f"{LAYER}_answer"]
    shared[f"{LAYER}_answer"] = answer.replace(released, f"try({released}, {planned})")


def _retirement(shared: dict[str, Any], retire: dict[str, Any]) -> None:
    (settings,) = shared[RETIREMENTS].values()
    # A destroy-time provisioner sees nothing but self.
    whole = {**put_names(settings, "name"), "program": Raw("var.command")}
    shared[RETIREMENTS] = each("name in keys(local.layers)", "name", whole)
    del shared["build_layers"]
    retire["for_each"] = Raw(NAMES)
    retire["provisioner"][0]["local-exec"]["interpreter"] = Raw("self.input.program")


def _expiry(lifecycle: dict[str, Any]) -> None:
    shared = [rule for rule in lifecycle["rule"] if LAYER not in json.dumps(rule)]
    (own,) = (rule for rule in lifecycle["rule"] if LAYER in json.dumps(rule))
    lifecycle["rule"] = [*shared, Each(own)]


def _encryption(repository: dict[str, Any]) -> None:
    key = {"encryption_type": "KMS", "kms_key": Raw("encryption_configuration.value")}
    repository["encryption_configuration"] = [Each(key, "compact([var.kms_key])")]


def _policies(policies: dict[str, Any]) -> None:
    logins = "[for login in local.layer_logins[each.key] : jsondecode(login)]"
    own, shared = policies[f"{LAYER}_permissions"], policies["build_permissions"]
    own["policy"] = statements(own["policy"], logins)
    pushes = policies[f"{LAYER}_push-permissions"]
    pushes["policy"] = statements(pushes["policy"], base())
    shared["policy"] = statements(shared["policy"])


def _approval(shared: dict[str, Any], approval: dict[str, Any]) -> None:
    # Who waits for the policy of a role waits for the role.
    waits = [each for each in approval["depends_on"] if not each.startswith("aws_iam_role.")]
    # A layer that moves has another bucket, which replaces the approval by itself.
    of_place = approval["lifecycle"].pop("replace_triggered_by")
    retire = of_place[0].partition("[")[0]
    # An instance that names a block of all layers waits for each of its instances, and Terraform
    # follows each of these ways anew for each release: that is the cube of the layers. A local
    # value that all instances name makes it one way.
    many = [retire, *(each for each in waits if f".{LAYER}_" in each)]
    keys = "".join(f"  keys({without_key(each)}),\n" for each in many)
    shared["layer_ready"] = Raw(f"concat(\n{keys})")
    approval["depends_on"] = [*(e for e in waits if e not in many), "local.layer_ready"]
    problems = {
        "condition": "${length(local.layer_problems[each.key]) == 0}",
        "error_message": f"Layer {LAYER} cannot be built.\n"
        '${join("\\n", local.layer_problems[each.key])}',
    }
    approval["lifecycle"]["precondition"].append(problems)
