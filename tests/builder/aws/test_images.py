import json
import uuid
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from builder.aws.images import MOST, Images, Login, Registries
from builder.aws.session import Credentials, Session
from builder.errors import AwsError, Denied
from embedded.aws import EmbeddedAws
from tests.builder.conftest import ACCOUNT, REGION, environ


def test_an_image_is_there_once_it_is_pushed(
    aws: EmbeddedAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    environ(monkeypatch, aws.environment())
    ecr, name = aws.client("ecr"), f"r{uuid.uuid4().hex[:8]}"
    images = Images(Session(Credentials(), REGION))

    assert not images.has(name, "1")
    ecr.create_repository(repositoryName=name)
    assert not images.has(name, "1")
    ecr.put_image(repositoryName=name, imageTag="1", imageManifest=json.dumps({"layers": []}))
    assert images.has(name, "1")
    assert not images.has(name, "2")


@pytest.mark.parametrize("code", ["ImageNotFoundException", "AccessDeniedException"])
def test_what_ecr_answers_for_a_missing_tag_is_no_error(code: str) -> None:
    class Ecr:
        def describe_images(self, **_: Any) -> Any:
            raise ClientError({"Error": {"Code": code, "Message": "m"}}, "DescribeImages")

    class Fake:
        def client(self, _service: str) -> Any:
            return Ecr()

    images = Images(cast("Any", Fake()))
    if code == "ImageNotFoundException":
        assert not images.has("r", "1")
    else:
        with pytest.raises(Denied):
            images.has("r", "1")


def test_images_with_tags_are_listed_and_deleted(
    aws: EmbeddedAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    environ(monkeypatch, aws.environment())
    ecr, name = aws.client("ecr"), f"r{uuid.uuid4().hex[:8]}"
    images = Images(Session(Credentials(), REGION))
    assert images.tagged(name) == []
    ecr.create_repository(repositoryName=name)
    for tag, layers in (("1", []), ("2", [1]), ("latest", [1])):
        ecr.put_image(
            repositoryName=name, imageTag=tag, imageManifest=json.dumps({"layers": layers})
        )

    found = {image.tags: image for image in images.tagged(name)}
    assert {tag for tags in found for tag in tags} == {"1", "2", "latest"}
    assert found[("1",)].size > 0
    assert found[("1",)].pushed.endswith("Z")
    first = found[("1",)].digest
    images.delete(name, [first, first])  # the second time it is gone
    assert not images.has(name, "1")
    assert images.has(name, "2")


def test_many_images_are_deleted_in_as_many_calls_as_it_takes_and_one_that_stays_is_said() -> None:
    sizes: list[int] = []

    class Ecr:
        def batch_delete_image(self, repositoryName: str, imageIds: list[Any]) -> Any:  # noqa: N803
            sizes.append(len(imageIds))
            code = "ImageReferencedByManifestList" if len(imageIds) == 1 else "ImageNotFound"
            failure = {"imageId": imageIds[0], "failureCode": code, "failureReason": f"{code}!"}
            return {"failures": [failure]}

    class Fake:
        def client(self, _service: str) -> Any:
            return Ecr()

    images = Images(cast("Any", Fake()))
    with pytest.raises(AwsError, match="ImageReferencedByManifestList!"):
        images.delete("r", [f"sha256:{i}" for i in range(MOST + 1)])
    assert sizes == [MOST, 1]


@pytest.fixture
def registries(aws: EmbeddedAws, monkeypatch: pytest.MonkeyPatch) -> Registries:
    environ(monkeypatch, aws.environment())
    return Registries(Session(Credentials(), REGION))


def test_the_registry_of_a_session_is_that_of_its_account_and_region(
    registries: Registries,
) -> None:
    assert registries.registry() == f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"


def test_a_private_registry_is_logged_in_to_where_the_endpoint_of_ecr_is(
    aws: EmbeddedAws, registries: Registries
) -> None:
    for name in (registries.registry(), f"{ACCOUNT}.dkr-ecr.{REGION}.on.aws"):
        found = registries.log_in(name)
        assert found.login.startswith("AWS:")
        assert found.url == aws.url


@pytest.mark.parametrize(
    "name", ["public.ecr.aws", "ghcr.io", "evil.example", "1.dkr.ecr.eu-west-1.amazonaws.com"]
)
def test_no_login_is_made_for_a_registry_of_others(registries: Registries, name: str) -> None:
    assert not Registries.has(name)
    assert registries.log_in(name) == Login()


@pytest.mark.parametrize(
    "name",
    [
        "123456789012.dkr.ecr.eu-west-1.amazonaws.com",
        "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn",
        "123456789012.dkr.ecr-fips.us-east-1.amazonaws.com",
        "123456789012.dkr-ecr.eu-west-1.on.aws",
        "123456789012.dkr-ecr-fips.us-gov-west-1.on.aws",
        "123456789012.dkr-ecr.cn-north-1.on.amazonwebservices.com.cn",
    ],
)
def test_private_registries_are_known_by_their_names(name: str) -> None:
    assert Registries.has(name)


@pytest.mark.parametrize(
    "name",
    [
        "123456789012.dkr.ecr.eu-west-1.amazonaws.com.evil.example",
        "123456789012.dkr-ecr.eu-west-1.on.aws.evil.example",
        "123456789012.dkr.ecr.eu-west-1.on.aws",
        "x.amazonaws.com",
    ],
)
def test_a_name_that_only_looks_like_ecr_gets_no_login(name: str) -> None:
    assert not Registries.has(name)
