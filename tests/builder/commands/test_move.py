import json
import re

import pytest

from tests.builder.commands.conftest import LAYERS, Project
from tests.builder.fleet import function_of, layers_of


def naming(project: Project, *functions: str) -> None:
    """Write a layers.toml that names functions."""
    text = LAYERS.format(app=project.app) + f"functions = {json.dumps(functions)}\n"
    (project.root / "layers.toml").write_text(text)


def versions(project: Project, function: str) -> list[str]:
    return [arn.rpartition(":")[2] for arn in layers_of(project, function)]


def test_functions_that_were_not_moved_are_moved_by_hand_and_the_plan_is_quiet(
    project: Project,
) -> None:
    later = f"{project.name}-later"
    naming(project, later)
    built = project.run("build", "web")
    assert built.exit_code == 1
    assert "1 of 1 function was not moved" in built.stderr
    assert json.loads(project.run("plan", "--json").stdout)[0]["status"] == "unmoved"

    again = project.run("move", "web")
    assert again.exit_code == 1
    assert f"there is no function '{later}'" in again.stdout
    assert "lambda-layer move" in again.stderr

    function_of(project, "later")
    done = project.run("move", "web")
    assert done.exit_code == 0
    assert done.stdout.splitlines()[1].split() == [later, "moved", "-", "1"]
    assert versions(project, later) == ["1"]
    assert json.loads(project.run("plan", "--json").stdout)[0]["status"] == "current"


def test_functions_go_to_an_earlier_version_by_hand(project: Project) -> None:
    name = function_of(project, "f")
    naming(project, name)
    assert project.run("build", "web").exit_code == 0
    project.edit()
    assert project.run("build", "web").exit_code == 0
    assert versions(project, name) == ["2"]

    done = project.run("move", "web", "--release", "1", "--json")

    assert done.exit_code == 0
    found = json.loads(done.stdout)
    assert found["layer_arn"].endswith("-web:1")
    assert found["functions"] == [{"function": name, "outcome": "moved", "from": 2, "why": ""}]
    assert versions(project, name) == ["1"]


@pytest.mark.parametrize(
    ("to", "problem"),
    [
        ("1", "version 1 of layer 'web' was deleted"),
        ("9", "version 9 is no release of layer 'web'"),
    ],
)
def test_a_version_that_is_not_there_is_refused_with_those_that_are(
    project: Project, to: str, problem: str
) -> None:
    name = function_of(project, "f")
    naming(project, name)
    project.run("build", "web")
    project.edit()
    project.run("build", "web")
    project.aws.client("lambda").delete_layer_version(
        LayerName=f"{project.app}-web", VersionNumber=1
    )

    refused = project.run("move", "web", "--release", to)

    assert refused.exit_code == 1
    assert problem in refused.stderr
    offered = refused.stderr.partition("expected:")[2].partition("fix:")[0]
    assert re.findall(r"version (\d+)", offered) == ["2"]
    assert versions(project, name) == ["2"]


def test_a_layer_without_a_release_or_functions_has_nothing_to_move(project: Project) -> None:
    nobody = project.run("move", "web")
    assert nobody.exit_code == 1
    assert "names no functions" in nobody.stderr

    naming(project, "f")
    nothing = project.run("move", "web")
    assert nothing.exit_code == 1
    assert "layer 'web' has no release" in nothing.stderr


def test_no_function_is_moved_to_an_image_and_it_says_what_is_done_instead(
    image_project: Project,
) -> None:
    done = image_project.run("move", "web")

    assert done.exit_code == 1
    assert "'web' is an image, and no function is moved to one" in done.stderr
    assert "image_uri" in done.stderr
    assert "functions = [" not in done.stderr
