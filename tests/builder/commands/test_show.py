"""What is in a release: shown, and fetched."""

import base64
import hashlib
import json

from tests.builder.commands.conftest import Project, releases


def test_packages_sizes_and_the_share_of_the_limit_are_shown(project: Project) -> None:
    releases(project, 1)

    said = project.run("show", "web").stdout
    assert f"layer:{project.app}-web:1" in said
    assert "of Lambda's 262.1 MB for a function and all its layers" in said

    found = json.loads(project.run("show", "web", "--json").stdout)
    sizes = [package["size"] for package in found["contents"]]
    assert sizes == sorted(sizes, reverse=True)
    assert found["share"] == round(found["unzipped_size"] / 262_144_000, 4)


def test_without_a_release_it_says_so(project: Project) -> None:
    done = project.run("show", "web")
    assert done.exit_code == 1
    assert "fix:" in done.stderr
    releases(project, 1)
    assert project.run("show", "web", "--release", "7").exit_code == 1


def test_the_zip_that_is_fetched_is_the_one_that_was_published(project: Project) -> None:
    releases(project, 1)
    file = project.root / "web.zip"
    done = project.run("get", "web", "-o", str(file))

    assert done.exit_code == 0, done.stderr
    digest = base64.b64encode(hashlib.sha256(file.read_bytes()).digest()).decode()
    record = json.loads(_body(project, "web/record.json"))
    assert digest == record["current"]["code_sha256"]


def test_a_zip_that_is_another_is_refused(project: Project) -> None:
    releases(project, 1)
    fingerprint = json.loads(_body(project, "web/record.json"))["current"]["fingerprint"]
    project.aws.client("s3").put_object(
        Bucket=project.bucket, Key=f"web/artifacts/{fingerprint}/layer.zip", Body=b"evil"
    )
    file = project.root / "web.zip"
    done = project.run("get", "web", "zip", "-o", str(file))

    assert done.exit_code == 1
    assert "layer.zip is not that of version 1" in done.stderr
    assert not file.exists()


def test_the_manifest_goes_to_stdout_and_what_is_not_there_is_named(project: Project) -> None:
    releases(project, 1)
    assert json.loads(project.run("get", "web", "manifest").stdout)["layer"] == "web"
    done = project.run("get", "web", "sbom")  # the quick worker of these tests writes none
    assert done.exit_code == 1
    assert "has no sbom.cdx.json" in done.stderr


def _body(project: Project, key: str) -> bytes:
    return project.aws.client("s3").get_object(Bucket=project.bucket, Key=key)["Body"].read()


def test_an_image_is_shown_by_its_address_and_against_the_limit_of_images(
    image_project: Project,
) -> None:
    releases(image_project, 1)

    said = image_project.run("show", "web").stdout
    registry = "123456789012.dkr.ecr.eu-central-1.amazonaws.com"
    assert said.startswith(f"{registry}/{image_project.app}/web@sha256:")
    assert "for an image" in said
    assert "all its layers" not in said

    found = json.loads(image_project.run("show", "web", "--json").stdout)
    assert said.startswith(found["image_uri"])
    assert found["limit"] == 10 << 30
