from collections.abc import Mapping
from typing import Any

import pytest

from builder.aws.functions import Function, Functions, Use, with_version
from builder.errors import AwsError
from tests.builder.conftest import World
from tests.builder.fleet import function_of, image_of, layer_of, layers_of

ARN = "arn:aws:lambda:eu-west-1:123456789012:layer"


@pytest.fixture
def functions(world: World) -> Functions:
    return Functions(world.session)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([], [f"{ARN}:web:2"]),
        ([f"{ARN}:web:1"], [f"{ARN}:web:2"]),
        ([f"{ARN}:web:2"], [f"{ARN}:web:2"]),
        ([f"{ARN}:web:3"], [f"{ARN}:web:2"]),
        ([f"{ARN}:a:1", f"{ARN}:b:1"], [f"{ARN}:a:1", f"{ARN}:b:1", f"{ARN}:web:2"]),
        (
            [f"{ARN}:a:1", f"{ARN}:web:1", f"{ARN}:b:1"],
            [f"{ARN}:a:1", f"{ARN}:web:2", f"{ARN}:b:1"],
        ),
        ([f"{ARN}:web-api:1", f"{ARN}:x"], [f"{ARN}:web-api:1", f"{ARN}:x", f"{ARN}:web:2"]),
    ],
)  # fmt: skip
def test_a_version_takes_the_place_of_another_one_or_the_last_place(
    before: list[str], after: list[str]
) -> None:
    assert with_version(before, f"{ARN}:web:2") == after


def known(functions: Functions, name: str) -> Function:
    found = functions.get(name)
    assert found is not None
    return found


def test_a_function_is_described(world: World, functions: Functions) -> None:
    one, two = layer_of(world, "web", 2)
    (other,) = layer_of(world, "other")
    found = known(functions, function_of(world, "f", [other, two], Runtime="python3.13"))

    assert (found.name, found.package) == (f"{world.name}-f", "Zip")
    assert (found.runtime, found.architecture) == ("python3.13", "arm64")
    assert [use.arn for use in found.layers] == [other, two]
    assert found.layers[0].zipped_size > 0
    assert found.version_of(one.rpartition(":")[0]) == 2
    assert found.version_of(f"{ARN}:web") is None
    assert not found.settled


def test_a_function_can_be_named_by_its_arn_too(world: World, functions: Functions) -> None:
    found = known(functions, function_of(world, "f"))

    assert known(functions, found.arn).name == found.name


def test_a_function_that_is_not_there_is_none(functions: Functions) -> None:
    assert functions.get("nobody-made-it") is None


def test_layers_are_given_only_to_the_function_we_know(world: World, functions: Functions) -> None:
    (web,) = layer_of(world, "web")
    name = function_of(world, "f")
    stale = known(functions, name)
    world.aws.client("lambda").update_function_configuration(FunctionName=name, Timeout=9)

    assert functions.give(stale, [web]) is False
    assert layers_of(world, name) == []
    assert functions.give(known(functions, name), [web]) is True
    assert layers_of(world, name) == [web]


def test_a_version_that_is_not_there_is_awss_error_with_the_function(
    world: World, functions: Functions
) -> None:
    name = function_of(world, "f")
    gone = f"arn:aws:lambda:eu-central-1:123456789012:layer:{world.name}-gone:1"

    with pytest.raises(AwsError, match="UpdateFunctionConfiguration") as caught:
        functions.give(known(functions, name), [gone])

    assert name in caught.value.where


def test_who_uses_a_layer_is_found_on_every_page(world: World, functions: Functions) -> None:
    one, two = layer_of(world, "web", 2)
    (other,) = layer_of(world, "web-api")
    names = [function_of(world, f"f{number}", [one]) for number in range(51)]
    names.append(function_of(world, "new", [two]))
    function_of(world, "not", [other])

    using = functions.using(one.rpartition(":")[0], published=False)
    found = {use.function: use.version for use in using}

    assert set(found) == set(names)
    assert found[f"{world.name}-new"] == 2
    assert found[f"{world.name}-f50"] == 1


def test_published_versions_of_a_function_are_distinguished_from_it(
    world: World, functions: Functions
) -> None:
    # ministack does not list published versions, so its answer gets one here.
    (web,) = layer_of(world, "web")
    name = function_of(world, "f", [web])
    asked: list[str] = []

    def listing(parsed: dict[str, list[dict[str, str]]], **_event: object) -> None:
        ours = [found for found in parsed["Functions"] if found["FunctionName"] == name]
        parsed["Functions"] = [*ours, *({**found, "Version": "3"} for found in ours)]

    def asking(params: dict[str, str], **_event: object) -> None:
        asked.append(params.get("FunctionVersion", ""))

    events = functions._lambda.meta.events
    events.register("after-call.lambda.ListFunctions", listing)
    events.register("provide-client-params.lambda.ListFunctions", asking)
    found = functions.using(web.rpartition(":")[0])

    assert {str(use) for use in found} == {name, f"{name}:3"}
    assert set(asked) == {"ALL"}


def test_tags_of_a_function(world: World, functions: Functions) -> None:
    name = function_of(world, "f", Tags={"team": "billing", "a=b": "c"})
    arn = known(functions, name).arn

    assert functions.tags(arn) == {"team": "billing", "a=b": "c"}
    assert functions.tags(arn + "-gone") == {}


# Which functions use a layer


def test_functions_are_found_by_layer_with_their_published_versions(
    world: World, functions: Functions
) -> None:
    one, two = layer_of(world, "web", 2)
    (other,) = layer_of(world, "web-api")
    name = function_of(world, "f", [other, one])
    lambda_ = world.aws.client("lambda")
    lambda_.publish_version(FunctionName=name)
    lambda_.update_function_configuration(FunctionName=name, Layers=[two])

    found = functions.using(one.rpartition(":")[0])

    assert found == [Use(name, "$LATEST", two), Use(name, "1", one)]
    assert functions.using(one.rpartition(":")[0], published=False) == [Use(name, "$LATEST", two)]
    assert [(str(use), use.version) for use in found] == [(name, 2), (f"{name}:1", 1)]
    # Lambda names a version in the ARN then, and has tags of the function alone.
    assert {use.arn for use in found} == {known(functions, name).arn}
    assert functions.using(one.rpartition(":")[0][:-1]) == []


def test_who_may_not_list_functions_is_reported(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.become(monkeypatch, "s3:*")

    with pytest.raises(AwsError, match="may not lambda:ListFunctions"):
        world.services.functions.using("web")


# Functions that are containers


@pytest.fixture
def repository(world: World) -> str:
    """A repository with an image for each of two tags; its name is the application's."""
    ecr: Any = world.aws.client("ecr")
    ecr.create_repository(repositoryName=world.name)
    for tag in ("1", "2"):
        ecr.put_image(
            repositoryName=world.name, imageTag=tag, imageManifest=f'{{"layers": [], "n": {tag}}}'
        )
    return f"123456789012.dkr.ecr.eu-central-1.amazonaws.com/{world.name}"


def digest_of(world: World, tag: str) -> str:
    ecr: Any = world.aws.client("ecr")
    found = ecr.describe_images(repositoryName=world.name, imageIds=[{"imageTag": tag}])
    return str(found["imageDetails"][0]["imageDigest"])


def container(world: World, name: str, image: str) -> str:
    """Create a function with an image; return its name."""
    name = f"{world.name}-{name}"
    world.aws.client("lambda").create_function(
        FunctionName=name, Role=world.role, PackageType="Image", Code={"ImageUri": image}
    )
    return name


def test_functions_that_are_containers_are_found_with_their_image_by_digest(
    world: World, functions: Functions, repository: str
) -> None:
    by_digest = f"{repository}@{digest_of(world, '1')}"
    one = container(world, "one", by_digest)
    function_of(world, "zip")

    ours = [found for found in functions.images() if found[0].startswith(world.name)]

    arn = f"arn:aws:lambda:eu-central-1:123456789012:function:{one}"
    assert ours == [(one, "$LATEST", arn, by_digest)]
    assert known(functions, one).arn == arn


def test_published_versions_are_listed_with_the_image_that_each_has(
    world: World, functions: Functions, repository: str
) -> None:
    first, second = (f"{repository}@{digest_of(world, tag)}" for tag in ("1", "2"))
    name = container(world, "one", first)
    lambda_ = world.aws.client("lambda")
    lambda_.publish_version(FunctionName=name)
    lambda_.update_function_code(FunctionName=name, ImageUri=second)

    ours = {found[1]: found[3] for found in functions.images() if found[0] == name}
    latest = [found for found in functions.images(published=False) if found[0] == name]

    assert ours == {"$LATEST": second, "1": first}
    assert [found[1:2] + found[3:] for found in latest] == [("$LATEST", second)]


def test_a_function_that_goes_while_it_is_asked_for_has_no_image(
    world: World, functions: Functions
) -> None:
    stays, goes = image_of(world, "stays"), image_of(world, "goes")

    def listed(parsed: Mapping[str, Any], **_event: object) -> None:
        if goes in {found["FunctionName"] for found in parsed["Functions"]}:
            world.aws.client("lambda").delete_function(FunctionName=goes)

    functions._lambda.meta.events.register("after-call.lambda.ListFunctions", listed)
    ours = [found[0] for found in functions.images() if found[0].startswith(world.name)]

    assert ours == [stays]


@pytest.mark.parametrize("lacking", ["lambda:ListFunctions", "lambda:GetFunction"])
def test_who_may_not_look_at_images_is_told_so(
    world: World, monkeypatch: pytest.MonkeyPatch, lacking: str
) -> None:
    image_of(world, "one")
    both = {"lambda:ListFunctions", "lambda:GetFunction"}
    world.become(monkeypatch, *(both - {lacking}))

    with pytest.raises(AwsError, match=f"may not {lacking}"):
        world.services.functions.images(published=False)
