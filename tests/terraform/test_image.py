"""A layer that is a container image, through terraform: built, pushed, found again, used, gone."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest

from builder.images.manifest import labels_of, read_manifest
from builder.images.reference import Reference
from builder.images.registry import Registry as Client
from tests.registry import Registry
from tests.terraform.builds import quick_builds
from tests.terraform.conftest import Make, Stack
from tests.terraform.packages import layer

FORMS = ("stack", "module")


@pytest.fixture
def base() -> Iterator[str]:
    """What images are built on, in a registry on loopback."""
    with Registry().serving() as registry:
        registry.index("python", "3", files={"usr/bin/python3": b"an interpreter"})
        yield f"{registry.host}/python:3"


def images(stack: Stack) -> list[str]:
    ecr: Any = stack.aws.client("ecr")
    found = ecr.describe_images(repositoryName=f"{stack.name}/web")["imageDetails"]
    return sorted(tag for image in found for tag in image.get("imageTags", ()))


def builds(stack: Stack) -> tuple[int, int]:
    """Return how many builds of the layer there were, and how many pushes of its image."""
    codebuild: Any = stack.aws.client("codebuild")
    projects = (f"{stack.name}-layers", f"{stack.name}-layers_web")
    counts = [
        len(codebuild.list_builds_for_project(projectName=project)["ids"]) for project in projects
    ]
    return counts[0], counts[1]


def labels(stack: Stack, uri: str) -> dict[str, str]:
    """Pull what an image says of itself."""
    registry, _, rest = uri.partition("/")
    name, _, digest = rest.partition("@")
    ecr: Any = stack.aws.client("ecr")
    (given,) = ecr.get_authorization_token()["authorizationData"]
    login = base64.b64decode(given["authorizationToken"]).decode()
    client = Client(registry, login=login, url=stack.aws.url)
    manifest = client.manifest(Reference(registry, name, "", digest))
    assert manifest is not None
    described = read_manifest(manifest.content, manifest.media_type, uri)
    return dict(labels_of(client.document(name, described.config), uri))


def role_of(stack: Stack) -> str:
    """Make a role for a function; return its ARN."""
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": "lambda.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    made: Any = stack.aws.client("iam").create_role(
        RoleName=f"{stack.name}-fn", AssumeRolePolicyDocument=document
    )
    return str(made["Role"]["Arn"])


def test_an_image_is_built_pushed_once_and_found_again(make: Make, base: str) -> None:
    stack = make(layer(image=True, base=base))
    quick_builds(stack)

    planned = stack.plan()
    assert planned.changes["aws_ecr_repository.web_repository"] == ["create"]
    stack.apply()
    assert builds(stack) == (1, 1)
    output = stack.output()
    registry = f"{stack.aws.identity.account}.dkr.ecr.eu-central-1.amazonaws.com"
    assert output["image_uri"].startswith(f"{registry}/{stack.name}/web@sha256:")
    assert "layer_arn" not in output
    assert images(stack) == [f"{output['fingerprint']}-1"]
    current = stack.record()["current"]
    said = labels(stack, output["image_uri"])
    assert said["fast-lambda-layer.token"] == f"{output['fingerprint']}#1"
    assert said["fast-lambda-layer.code-sha256"] == current["code_sha256"]
    assert stack.versions() == []

    unchanged = stack.plan()
    assert (unchanged.exit_code, unchanged.writes) == (0, [])

    stack.edit()
    planned = stack.plan()
    assert planned.changes == {"aws_s3_object.web_approval": ["update"]}
    stack.apply()
    assert builds(stack) == (2, 2)
    second = stack.output()["image_uri"]
    assert second != output["image_uri"]
    assert len(images(stack)) == 2
    assert stack.plan().exit_code == 0

    stack.destroy()
    ecr: Any = stack.aws.client("ecr")
    with pytest.raises(ecr.exceptions.RepositoryNotFoundException):
        images(stack)
    codebuild: Any = stack.aws.client("codebuild")
    assert codebuild.batch_get_projects(names=[f"{stack.name}-layers_web"])["projects"] == []


def test_an_image_that_was_deleted_is_pushed_again_without_a_build(make: Make, base: str) -> None:
    stack = make(layer(image=True, base=base))
    quick_builds(stack)
    stack.apply()
    (tag,) = images(stack)
    ecr: Any = stack.aws.client("ecr")
    ecr.batch_delete_image(repositoryName=f"{stack.name}/web", imageIds=[{"imageTag": tag}])

    planned = stack.plan()
    assert planned.answer()["status"] == "missing"
    stack.apply()
    assert builds(stack) == (1, 2)
    assert images(stack) == [f"{stack.output()['fingerprint']}-2"]
    assert stack.plan().exit_code == 0


def test_a_base_that_is_not_there_is_named_and_corrected(make: Make, base: str) -> None:
    stack = make(layer(image=True, base=f"{base}.gone"))
    quick_builds(stack)

    failed = stack.apply(check=False)
    assert failed.exit_code == 1
    assert f"{base}.gone" in failed.said
    assert images(stack) == []
    assert stack.plan().changes == {"aws_s3_object.web_approval": ["update"]}
    stack.apply(check=False)
    assert builds(stack) == (1, 2)  # what was built is built

    stack.respec(base=base)
    stack.apply()
    assert builds(stack) == (2, 3)  # another base is another fingerprint
    assert len(images(stack)) == 1
    assert stack.plan().exit_code == 0
    stack.destroy()


def test_an_image_that_a_function_has_stays_and_keeps_its_repository(make: Make, base: str) -> None:
    stack = make(layer(image=True, base=base))
    quick_builds(stack)
    stack.apply()
    lambda_: Any = stack.aws.client("lambda")
    lambda_.create_function(
        FunctionName=f"{stack.name}-fn",
        PackageType="Image",
        Code={"ImageUri": stack.output()["image_uri"]},
        Role=role_of(stack),
    )

    failed = stack.destroy(check=False)
    assert failed.exit_code == 1
    assert "RepositoryNotEmptyException" in failed.said
    assert len(images(stack)) == 1

    lambda_.delete_function(FunctionName=f"{stack.name}-fn")


def test_images_are_retained_by_taking_their_repository_out_of_the_state(
    make: Make, base: str
) -> None:
    stack = make(layer(image=True, base=base))
    quick_builds(stack)
    stack.apply()
    stack.variables["retain_versions"] = "true"
    refused = stack.fails("plan")
    assert "is an image, and retain_versions cannot keep it" in refused.said
    del stack.variables["retain_versions"]

    stack.terraform.environment["TF_VAR_retain_versions"] = "true"
    failed = stack.destroy(check=False)
    assert failed.exit_code == 1
    assert "the images of 'web' are to be retained" in failed.said
    assert len(images(stack)) == 1
    assert stack.record()["current"]["version"] == 1

    own = (
        "aws_ecr_repository.web_repository",
        "aws_ecr_lifecycle_policy.web_image-lifecycle",
        'terraform_data.build_retire["web"]',
    )
    managed = stack.run("state", "list").stdout.split()
    stack.run("state", "rm", *(a for a in managed if stack.address(a) in own))
    stack.destroy()
    assert len(images(stack)) == 1
