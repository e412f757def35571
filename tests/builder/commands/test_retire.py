import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from builder.cli import main
from builder.protocol.variables import RETIRE_VARIABLE
from tests.builder.commands.conftest import Project, function_with, image_of, images_of, releases


def test_retiring_asks_first_and_removes_everything(project: Project) -> None:
    project.run("build", "web")

    assert project.run("retire", "web", input="n\n").exit_code == 1
    assert "published" in project.run("status").stdout

    done = project.run("retire", "web", "--yes")
    assert done.exit_code == 0
    assert "missing" in project.run("status").stdout
    s3 = project.aws.client("s3")
    assert s3.list_object_versions(Bucket=project.bucket).get("Versions", []) == []


def test_where_there_is_no_terminal_the_fix_is_yes(project: Project) -> None:
    done = project.run("retire", "web")

    assert done.exit_code == 1
    assert "ERROR: nothing was done" in done.stderr
    assert "--yes" in done.stderr
    assert done.stdout == ""


def test_terraform_retires_without_being_asked_and_without_a_configuration(
    project: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    project.run("build", "web")
    asked = {
        "layer": "web", "layer_name": f"{project.app}-web", "bucket": project.bucket,
        "region": "eu-central-1", "account": "123456789012", "profile": "", "role_arn": "",
        "retain": "false",
    }  # fmt: skip
    monkeypatch.setenv(RETIRE_VARIABLE, json.dumps(asked))
    (project.root / "layers.toml").unlink()

    done = CliRunner().invoke(main, ["retire"])
    assert done.exit_code == 0, done.output
    assert "deleted arn:aws:lambda:" in done.stderr

    monkeypatch.setenv(RETIRE_VARIABLE, json.dumps({**asked, "account": "999999999999"}))
    refused = CliRunner().invoke(main, ["retire"])
    assert refused.exit_code == 1
    assert "999999999999" in refused.stderr


def test_retiring_nothing_is_wrong_usage(project: Project) -> None:
    done = project.run("retire")

    assert done.exit_code == 2
    assert RETIRE_VARIABLE in done.stderr


def test_retiring_an_image_deletes_its_images_and_documents(image_project: Project) -> None:
    releases(image_project, 2)
    assert images_of(image_project) == [1, 2]

    done = image_project.run("retire", "web", "--yes")
    assert done.exit_code == 0, done.output
    assert images_of(image_project) == []
    s3 = image_project.aws.client("s3")
    assert s3.list_object_versions(Bucket=image_project.bucket).get("Versions", []) == []
    assert image_project.run("retire", "web", "--yes").exit_code == 0


def test_an_image_that_a_function_has_stays_and_it_says_what_that_means(
    image_project: Project,
) -> None:
    releases(image_project, 1)
    function = function_with(image_project, image_of(image_project))
    releases(image_project, 1)

    done = image_project.run("retire", "web", "--yes")
    assert images_of(image_project) == [1]
    assert function in done.stderr
    assert f"keeps the repository {image_project.app}/web" in done.stderr
    assert "Give these functions or services another image, then run it again" in done.stderr

    image_project.aws.client("lambda").delete_function(FunctionName=function)
    assert image_project.run("retire", "web", "--yes").exit_code == 0
    assert images_of(image_project) == []


def test_an_image_that_is_no_longer_described_is_deleted_as_terraform_does(
    image_project: Project,
) -> None:
    releases(image_project, 2)
    file = image_project.root / "layers.toml"
    file.write_text(file.read_text().replace("[layers.web]", "[layers.other]"))

    asked = image_project.run("retire", "web", input="n\n")
    assert f"{image_project.app}/web" in asked.output
    assert images_of(image_project) == [1, 2]

    assert image_project.run("retire", "web", "--yes").exit_code == 0
    assert images_of(image_project) == []
    s3 = image_project.aws.client("s3")
    assert s3.list_object_versions(Bucket=image_project.bucket).get("Versions", []) == []


def test_images_without_a_record_are_found_by_their_repository(image_project: Project) -> None:
    releases(image_project, 1)
    file = image_project.root / "layers.toml"
    file.write_text(file.read_text().replace("[layers.web]", "[layers.other]"))
    image_project.aws.client("s3").delete_object(Bucket=image_project.bucket, Key="web/record.json")

    assert image_project.run("retire", "web", "--yes").exit_code == 0
    assert images_of(image_project) == []


def test_a_layer_that_is_described_as_an_image_now_is_retired_as_what_it_was(
    image_project: Project,
) -> None:
    file = image_project.root / "layers.toml"
    as_image = file.read_text()
    as_layer = "\n".join(
        line for line in as_image.splitlines() if not line.startswith(("image", "base"))
    )
    file.write_text(as_layer)
    releases(image_project, 1)
    file.write_text(as_image)
    refused = image_project.run("build", "web")
    assert refused.exit_code == 1
    assert "is to be an image, and what was published of it are versions" in refused.stderr
    assert "lambda-layer retire web" in refused.stderr

    assert image_project.run("retire", "web", "--yes").exit_code == 0
    lambda_ = image_project.aws.client("lambda")
    name = f"{image_project.app}-web"
    assert lambda_.list_layer_versions(LayerName=name)["LayerVersions"] == []

    releases(image_project, 1)
    file.write_text(as_layer)
    assert "is to be a layer, and what was published of it are images" in (
        image_project.run("build", "web").stderr
    )
    assert image_project.run("retire", "web", "--yes").exit_code == 0
    assert images_of(image_project) == []
    releases(image_project, 1)


def test_a_layer_of_another_name_in_lambda_is_found_when_nothing_describes_it(
    project: Project,
) -> None:
    file = project.root / "layers.toml"
    name = f"{project.app}-of-old"
    file.write_text(file.read_text() + f'layer_name = "{name}"\n')
    releases(project, 1)
    lambda_ = project.aws.client("lambda")
    assert len(lambda_.list_layer_versions(LayerName=name)["LayerVersions"]) == 1

    file.write_text(file.read_text().replace("[layers.web]", "[layers.other]"))
    assert project.run("retire", "web", "--yes").exit_code == 0
    assert lambda_.list_layer_versions(LayerName=name)["LayerVersions"] == []


def test_a_layer_with_another_name_now_is_retired_under_the_one_that_it_had(
    project: Project,
) -> None:
    releases(project, 1)
    file = project.root / "layers.toml"
    file.write_text(file.read_text() + f'layer_name = "{project.app}-new"\n')
    refused = project.run("build", "web")
    assert refused.exit_code == 1
    assert "lambda-layer retire web deletes what no function has" in refused.stderr

    assert f"{project.app}-web?" in project.run("retire", "web", input="n\n").output
    assert project.run("retire", "web", "--yes").exit_code == 0
    lambda_ = project.aws.client("lambda")
    assert lambda_.list_layer_versions(LayerName=f"{project.app}-web")["LayerVersions"] == []
    releases(project, 1)
    assert len(lambda_.list_layer_versions(LayerName=f"{project.app}-new")["LayerVersions"]) == 1


def test_a_record_that_names_another_layer_that_is_described_is_not_believed(
    project: Project,
) -> None:
    releases(project, 1)
    s3 = project.aws.client("s3")
    record = s3.get_object(Bucket=project.bucket, Key="web/record.json")["Body"].read().decode()
    forged = record.replace(f"{project.app}-web", f"{project.app}-api")
    file = project.root / "layers.toml"
    web = file.read_text().partition("[layers.web]")[2]
    file.write_text(f"{file.read_text()}[layers.api]{web}")
    s3.put_object(Bucket=project.bucket, Key="web/record.json", Body=forged.encode())

    assert f"{project.app}-web?" in project.run("retire", "web", input="n\n").output
