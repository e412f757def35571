"""Two applications in one stack of somebody else, whose constructs get other names."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from builder.spec.app_spec import AppSpec
from tests.terraform.builds import quick_builds
from tests.terraform.conftest import Make, Stack
from tests.terraform.packages import layer

PROJECT = "aws_codebuild_project"


def synthesize(
    folder: Path,
    apps: tuple[str, str],
    layers: tuple[str, str],
    *,
    scope: str = "",
    second: str = "second",
) -> str:
    """Return the JSON of a stack with two applications, whose layers' constructs are so named."""
    from cdktf import App, TerraformStack  # here: it starts Node
    from constructs import Construct

    from modules.layer import BuildInfrastructure, LambdaLayer
    from modules.layer.bindings import AwsProvider, ExternalProvider

    app = App(outdir=str(folder), stack_traces=False)
    stack = TerraformStack(app, "apps")
    AwsProvider(
        stack,
        "aws",
        s3_use_path_style=True,
        skip_credentials_validation=True,
        skip_region_validation=True,
    )
    ExternalProvider(stack, "external")
    home = Construct(stack, scope) if scope else stack
    for infrastructure, name, construct in zip(("build", second), apps, layers, strict=True):
        build = BuildInfrastructure(stack, infrastructure, app=AppSpec(name))
        web = LambdaLayer(home, construct, infrastructure=build, spec=layer())
        web.add_output("web" if infrastructure == "build" else "second-web")
    app.synth()
    return (folder / "stacks" / "apps" / "cdk.tf.json").read_text()


def use(stack: Stack, text: str) -> None:
    """Put a synthesized JSON in the place of a stack's own, with the quick builds of that."""
    (quick,) = json.loads(stack.configuration.read_text())["resource"][PROJECT].values()
    document = json.loads(text)
    for project in document["resource"][PROJECT].values():
        project["source"] = quick["source"]
    document["terraform"]["backend"] = {"local": {}}
    for hook in document["data"]["external"].values():
        hook["working_dir"] = str(stack.folder)
    stack.configuration.write_text(json.dumps(document))
    stack.run("init", "-reconfigure")


def test_constructs_are_renamed_and_moved_and_terraform_sees_no_difference(
    make: Make, tmp_path: Path
) -> None:
    stack = make()
    quick_builds(stack)
    other = replace(stack, name=f"{stack.name}b")
    apps = (stack.name, other.name)
    first = stack.configuration.read_text()
    use(stack, synthesize(tmp_path / "one", apps, ("web", "their-web")))
    assert stack.apply().builds == 2
    assert stack.versions() == other.versions() == [1]
    arns = [stack.output(name)["layer_arn"] for name in ("web", "second-web")]
    assert [arn.split(":")[6] for arn in arns] == [f"{name}-web" for name in apps]

    stack.configuration.write_text(first)
    use(stack, synthesize(tmp_path / "two", apps, ("site", "shop"), scope="layers"))
    planned = stack.plan()
    assert (planned.exit_code, planned.changes) == (0, {})

    # An infrastructure's own id is in its addresses: a `moved` for each resource keeps them.
    stack.configuration.write_text(first)
    renamed = synthesize(tmp_path / "three", apps, ("site", "shop"), second="bakery")
    use(stack, renamed)
    assert "aws_s3_bucket.second_bucket" in stack.plan().changes
    with stack.edited() as document:
        document["moved"] = [
            {"from": f"{type_}.{name.replace('bakery_', 'second_', 1)}", "to": f"{type_}.{name}"}
            for type_, resources in document["resource"].items()
            for name in resources
            if name.startswith("bakery_")
        ]
    assert stack.plan().changes == {}
    assert stack.apply().builds == 0

    assert stack.destroy().exit_code == 0
    assert stack.versions() == other.versions() == []
