import json

from tests.builder.aws.test_layers import archive
from tests.builder.commands.conftest import (
    Project,
    function_on,
    function_with,
    image_of,
    name_function,
    releases,
)


def test_status_shows_functions_on_old_versions(project: Project) -> None:
    releases(project, 2)
    function = function_on(project, 1)

    said = project.run("status").stdout
    assert "published" in said
    assert ["web", function, "1", "old"] in [line.split() for line in said.splitlines()]
    assert "Releases" not in said
    assert "Releases" in project.run("status", "web").stdout

    (found,) = json.loads(project.run("status", "--json").stdout)
    assert [(use["function"], use["old"]) for use in found["functions"]] == [(function, True)]


def test_a_wrong_region_is_seen_as_one(project: Project) -> None:
    done = project.run("--region", "eu-west-3", "status", "web")

    assert done.exit_code == 1
    assert "account 123456789012, region eu-west-3" in done.stdout
    bucket = f"{project.app}-layers-123456789012-eu-west-3"
    assert f"there is no bucket {bucket}" in done.stdout
    assert "--region" in done.stdout
    assert "does not use it" not in done.stdout
    (found,) = json.loads(project.run("--region", "eu-west-3", "status", "--json").stdout)
    assert (found["region"], found["bucket"]) == ("eu-west-3", None)


def test_the_place_is_named_and_a_layer_without_a_release_is_no_fault(project: Project) -> None:
    done = project.run("status")

    assert done.exit_code == 0
    assert "account 123456789012, region eu-central-1" in done.stdout
    assert "there is no bucket" not in done.stdout


def test_a_failed_build_is_reported_with_the_next_command(project: Project) -> None:
    project.behave("refuse")
    assert project.run("build", "web").exit_code == 1

    said = project.run("status").stdout
    assert "web: failed: there is no package unobtainium" in said
    assert "lambda-layer logs web --failed" in said


def test_a_functions_other_layers_are_counted_with_the_version_that_it_should_have(
    project: Project,
) -> None:
    releases(project, 2)
    function = function_on(project, 1)
    name_function(project)
    client = project.aws.client("lambda")
    foreign = client.publish_layer_version(
        LayerName=f"{project.app}-foreign", Content={"ZipFile": archive()}
    )["LayerVersionArn"]
    before = client.get_function_configuration(FunctionName=function)["Layers"]
    client.update_function_configuration(FunctionName=function, Layers=[before[0]["Arn"], foreign])

    (found,) = json.loads(project.run("status", "web", "--json").stdout)
    (use,) = found["functions"]
    size = found["release"]["unzipped_size"]
    assert use["all_layers"] == {"layers": 2, "size": size, "unknown": 1}
    said = project.run("status", "web").stdout
    assert "of the limit, without 1 of unknown size" in said
    assert found["together"] is None


def test_status_shows_the_functions_that_have_an_old_image(image_project: Project) -> None:
    releases(image_project, 1)
    function = function_with(image_project, image_of(image_project))
    releases(image_project, 1)

    done = image_project.run("status")
    assert done.exit_code == 0, done.output
    assert ["web", function, "1", "old"] in [line.split() for line in done.stdout.splitlines()]
    assert ":repository/" not in done.stdout, "no function can name that"

    (found,) = json.loads(image_project.run("status", "--json").stdout)
    uri = image_of(image_project)
    assert (found["release"]["version"], found["release"]["image_uri"]) == (2, uri)
    assert [(use["function"], use["old"]) for use in found["functions"]] == [(function, True)]
