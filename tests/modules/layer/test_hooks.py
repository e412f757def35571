from __future__ import annotations

import json
from typing import Any

import cdktf
import pytest

from builder.errors import SpecError
from builder.spec.app_spec import AppSpec
from builder.spec.layer_spec import LayerSpec
from modules.layer import BuildInfrastructure, LambdaLayer
from modules.layer.bindings import AwsProvider, ExternalProvider


def shop(*programs: tuple[str, ...]) -> dict[str, Any]:
    """Return the JSON of an application with a layer for each of these programs."""
    stack = cdktf.TerraformStack(cdktf.Testing.app(), "shop")
    AwsProvider(stack, "aws")
    ExternalProvider(stack, "external")
    build = BuildInfrastructure(stack, "build", app=AppSpec("shop"))
    for number, program in enumerate(programs):
        spec = LayerSpec(f"web-{number}", ("3.13",), "arm64", dependencies=("requests",))
        LambdaLayer(stack, spec.name, infrastructure=build, spec=spec, program=program)
    return dict(json.loads(cdktf.Testing.synth(stack)))


def test_one_plan_hook_is_asked_about_all_layers_of_an_application() -> None:
    hooks = shop(*[("lambda-layer",)] * 3)["data"]["external"]

    assert sorted(hooks) == ["build_plan", "web-0_release", "web-1_release", "web-2_release"]
    query = hooks["build_plan"]["query"]
    asked = {key.partition(".")[0] for key in query if "." in key}
    assert asked == {"web-0", "web-1", "web-2"}
    assert sum("spec" in key for key in query) == 3


def test_a_release_hook_is_there_whatever_the_plan_finds() -> None:
    # A count would be unknown, and refused, in a module with depends_on.
    hooks = shop(("lambda-layer",))["data"]["external"]

    assert "count" not in hooks["web-0_release"]


def test_an_application_without_layers_has_no_hook() -> None:
    assert "external" not in shop()["data"]


def test_two_programs_in_one_application_are_refused() -> None:
    with pytest.raises(SpecError) as caught:
        shop(("lambda-layer",), ("python3", "-m", "builder.cli"))

    assert "'python3 -m builder.cli', another 'lambda-layer'" in caught.value.what
    assert "the same" in caught.value.fix
