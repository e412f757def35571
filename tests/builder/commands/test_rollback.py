import json

import pytest

from tests.builder.commands.conftest import (
    Project,
    function_on,
    function_with,
    image_of,
    images_of,
    name_function,
    releases,
)


def version_of(project: Project) -> str:
    found = project.aws.client("lambda").get_function_configuration(FunctionName=project.name)
    return found["Layers"][0]["Arn"].rpartition(":")[2]


@pytest.fixture
def rolled_back(project: Project) -> Project:
    """A project with two releases, whose function was rolled back to the first."""
    releases(project, 2)
    function_on(project, 2)
    name_function(project)
    done = project.run("rollback", "web", "1", "--reason", "v2 is bad", "--yes")
    assert done.exit_code == 0, done.output
    assert "until: lambda-layer unpin web" in done.stdout
    return project


def test_nothing_happens_without_a_yes(project: Project) -> None:
    releases(project, 2)
    function_on(project, 2)
    name_function(project)

    done = project.run("rollback", "web", "1", input="n\n")
    assert done.exit_code == 1
    assert "move 1 function to it?" in done.stderr
    assert version_of(project) == "2"
    assert "pinned" not in project.run("status").stdout


def test_where_there_is_no_terminal_the_fix_is_yes(project: Project) -> None:
    releases(project, 2)

    done = project.run("rollback", "web", "1")
    assert done.exit_code == 1
    assert "ERROR: nothing was done" in done.stderr
    assert "--yes" in done.stderr
    assert project.run("rollback", "web", "1", "--yes").exit_code == 0


def test_a_pinned_layer_is_seen_everywhere_and_not_built(rolled_back: Project) -> None:
    assert version_of(rolled_back) == "1"
    assert "(v2 is bad)" in rolled_back.run("status").stdout
    rolled_back.edit()
    planned = rolled_back.run("plan", "--detailed-exitcode")
    assert planned.exit_code == 0
    assert "once unpinned: stale" in planned.stdout

    for arguments in (("build", "web"), ("build", "web", "--force")):
        refused = rolled_back.run(*arguments)
        assert refused.exit_code == 1
        assert refused.stderr.startswith("ERROR: layer 'web' is pinned")
        assert "lambda-layer unpin web" in refused.stderr


def test_unpinning_asks_before_it_moves_functions(rolled_back: Project) -> None:
    asked = rolled_back.run("unpin", "web", input="n\n")
    assert asked.exit_code == 1
    assert "Move 1 function to version 2?" in asked.stderr
    assert version_of(rolled_back) == "1"

    done = rolled_back.run("unpin", "web", "--yes", "--json")
    assert json.loads(done.stdout)["release"]["version"] == 2
    assert version_of(rolled_back) == "2"
    assert rolled_back.run("unpin", "web").exit_code == 1


def test_unpinning_corrected_sources_leaves_the_functions_to_the_next_build(
    rolled_back: Project,
) -> None:
    rolled_back.edit()

    done = rolled_back.run("unpin", "web")
    assert done.exit_code == 0
    assert "due is stale: src/web/app.py changed" in done.stdout
    assert version_of(rolled_back) == "1"
    assert json.loads(rolled_back.run("build", "web", "--json").stdout)["version"] == 3
    assert version_of(rolled_back) == "3"


def test_functions_that_no_one_named_are_reported_to_stay_where_they_are(project: Project) -> None:
    releases(project, 2)
    function_on(project, 2)

    done = project.run("rollback", "web", "1", "--yes")
    assert done.exit_code == 0
    assert f"function {project.name} still has version 2" in done.stdout
    assert version_of(project) == "2"


def test_what_can_be_rolled_back_to_is_said(project: Project) -> None:
    releases(project, 2)
    project.aws.client("lambda").delete_layer_version(
        LayerName=f"{project.app}-web", VersionNumber=1
    )

    done = project.run("rollback", "web", "1", "--yes")
    assert done.exit_code == 1
    assert "ERROR: version 1 of layer 'web' was deleted" in done.stderr
    assert "version 2 of 2" in done.stderr


def test_an_older_image_is_pinned_and_let_go(image_project: Project) -> None:
    releases(image_project, 1)
    first = image_of(image_project)
    releases(image_project, 1)
    second = image_of(image_project)

    function = function_with(image_project, second)

    done = image_project.run("rollback", "web", "1", "--reason", "v2 is bad", "--yes")
    assert done.exit_code == 0, done.output
    assert f"web stays on {first} until: lambda-layer unpin web" in done.stdout
    assert f"function {function} still has version 2: an apply gives" in done.stdout
    assert "layers.toml does not name it" not in done.stdout
    assert "(v2 is bad)" in image_project.run("status").stdout
    (planned,) = json.loads(image_project.run("plan", "--json").stdout)
    assert (planned["status"], planned["release"]["image_uri"]) == ("pinned", first)

    done = image_project.run("unpin", "web")
    assert (done.exit_code, done.stdout) == (0, f"web is on {second}\n")
    assert image_project.run("plan", "--detailed-exitcode").exit_code == 0
    assert images_of(image_project) == [1, 2]


def test_an_image_that_was_deleted_cannot_be_gone_back_to(image_project: Project) -> None:
    releases(image_project, 2)
    first = image_project.run("show", "web", "--release", "1", "--json").stdout
    ecr = image_project.aws.client("ecr")
    digest = json.loads(first)["image_uri"].partition("@")[2]
    ecr.batch_delete_image(
        repositoryName=f"{image_project.app}/web", imageIds=[{"imageDigest": digest}]
    )

    done = image_project.run("rollback", "web", "1", "--yes")
    assert done.exit_code == 1
    assert "ERROR: " in done.stderr
    assert "pinned" not in image_project.run("status").stdout
