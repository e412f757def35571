"""A stack of somebody else, in Python, whose own function has our layer."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.terraform.builds import Builds, quick_builds
from tests.terraform.conftest import Make, Stack
from tests.terraform.packages import layer

FUNCTION = "aws_lambda_function.api"
HANDLER = "def handler(event, context):\n    return 42\n"


def synthesize(name: str, folder: Path) -> Path:
    """Write the shop's Terraform JSON, as its own program would; return the folder it is in."""
    from cdktf import App, TerraformStack, TerraformVariable  # here: it starts Node

    from builder.spec.app_spec import AppSpec
    from modules.layer import BuildInfrastructure, LambdaLayer, policies
    from modules.layer.assets import zip_function
    from modules.layer.bindings import (
        AwsProvider,
        AwsProviderDefaultTags,
        ExternalProvider,
        IamRole,
        LambdaFunction,
    )

    handler = folder / "handler.py"
    handler.write_text(HANDLER)
    app = App(outdir=str(folder / "out"), stack_traces=False)
    stack = TerraformStack(app, name)
    owner = TerraformVariable(stack, "owner", type="string", default="shop")
    days = TerraformVariable(stack, "days", type="number", default=30)
    AwsProvider(
        stack,
        "aws",
        default_tags=[AwsProviderDefaultTags(tags={"owner": owner.string_value})],
        s3_use_path_style=True,
        skip_credentials_validation=True,
        skip_region_validation=True,
    )
    ExternalProvider(stack, "external")
    build = BuildInfrastructure(
        stack, "build", app=AppSpec(name), log_retention_days=days.number_value
    )
    web = LambdaLayer(stack, "web", infrastructure=build, spec=layer())
    web.add_output()
    code = zip_function(stack, "api", handler)
    role = IamRole(
        stack,
        "role",
        name=f"{name}-api",
        assume_role_policy=json.dumps(policies.lambda_trust(build.account)),
    )
    LambdaFunction(
        stack,
        "api",
        function_name=f"{name}-api",
        role=role.arn,
        runtime=layer().targets[-1].runtime,
        handler="handler.handler",
        filename=code.filename,
        source_code_hash=code.sha256,
        layers=[web.layer_arn],
    )
    app.synth()
    return folder / "out" / "stacks" / name


@pytest.fixture
def shop(make: Make, tmp_path: Path) -> Stack:
    """The shop's stack, initialized."""
    stack = make()
    shutil.copytree(synthesize(stack.name, tmp_path), stack.folder, dirs_exist_ok=True)
    with stack.edited() as document:
        document["terraform"]["backend"] = {"local": {}}
        for hook in document["data"]["external"].values():
            hook["working_dir"] = str(stack.folder)
        # The stand-ins that stay up do not run in this folder.
        document["resource"]["aws_lambda_function"]["api"]["filename"] = str(
            stack.folder / "assets" / "api.zip"
        )
    stack.run("init", "-reconfigure")
    return stack


def layers_of(stack: Stack) -> list[str]:
    """Return the layers that the function really has."""
    found = stack.aws.client("lambda").get_function(FunctionName=f"{stack.name}-api")
    return [version["Arn"] for version in found["Configuration"].get("Layers", [])]


def test_a_function_of_another_stack_follows_the_layer(shop: Stack) -> None:
    builds: Builds = quick_builds(shop)
    shop.apply()
    first = shop.output()["layer_arn"]
    assert layers_of(shop) == [first]
    assert shop.plan().exit_code == 0

    # Tags and retention touch neither layer nor function's layers.
    shop.variables["days"] = "60"
    planned = shop.plan()
    assert planned.exit_code == 2
    assert FUNCTION not in planned.changes
    assert (planned.deferred, planned.unknown()) == ([], False)
    shop.variables["owner"] = "somebody else"
    planned = shop.plan()
    assert planned.changes[FUNCTION] == ["update"]  # its own tags
    (change,) = (c for c in planned.document["resource_changes"] if c["address"] == FUNCTION)
    assert change["change"]["after"]["layers"] == [first]
    assert "layers" not in change["change"]["after_unknown"] or not any(
        change["change"]["after_unknown"]["layers"]
    )
    assert shop.apply().builds == 0
    assert layers_of(shop) == [first]

    shop.edit()
    with builds.failing():
        failed = shop.apply(check=False)
    assert (failed.exit_code, failed.builds) == (1, 1)
    assert layers_of(shop) == [first]

    assert shop.apply().builds == 1
    second = shop.output()["layer_arn"]
    assert second.endswith(":2")
    assert layers_of(shop) == [second]
    assert shop.plan().exit_code == 0
    shop.destroy()
    assert shop.versions() == []
