from typing import Any

import pytest

from builder.errors import SpecError
from builder.spec.app_spec import AppSpec


@pytest.mark.parametrize("name", ["", "b", "Billing", "1billing", "billing-", "b" * 29, "bil_ling"])
def test_applications_with_names_that_aws_would_refuse_are_refused(name: str) -> None:
    with pytest.raises(SpecError, match="cannot name an application"):
        AppSpec(name)


def test_the_longest_names_still_fit_into_awss_limits() -> None:
    app = AppSpec("a" * 28)
    region = "ap-northeast-1"

    assert len(app.bucket("123456789012", region)) <= 63  # Amazon S3 user guide, bucket naming
    assert len(app.build_role("l" * 64, region)) <= 64  # IAM user guide, quotas
    assert len(app.layer_name("l" * 64)) <= 140  # Lambda API reference, PublishLayerVersion


def test_long_layer_names_that_begin_alike_have_roles_of_their_own() -> None:
    app = AppSpec("billing")

    assert app.build_role("receipts-for-shops", "eu-west-1") != app.build_role(
        "receipts-for-banks", "eu-west-1"
    )


def test_names_in_aws_say_application_and_layer() -> None:
    app = AppSpec("billing")

    assert app.project == "billing-layers"
    assert app.log_group == "/aws/codebuild/billing-layers"
    assert app.layer_name("web") == "billing-web"
    assert app.layer_name("web", "Old_Name") == "Old_Name"
    assert AppSpec.of_project(app.project) == "billing"
    assert AppSpec.of_bucket(app.bucket("1", "eu-west-1"), "1", "eu-west-1") == "billing"
    assert app.bucket("123456789012", "eu-west-1") == "billing-layers-123456789012-eu-west-1"
    assert app.build_role("web", "eu-west-1") == "billing-web-eu-west-1-build"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("name", 3),
        ("region", None),
        ("backend", "s3"),
        ("backend", {"bucket": {"a", "set"}}),
        ("backend", {3: "bucket"}),
        ("sync_mode", "false"),
        ("notify", "builds"),
        ("notify", "arn:aws:sns:eu-west-1:123456789012:builds.fifo"),
    ],
)
def test_a_value_that_cannot_be_right_is_refused_with_its_key(key: str, value: Any) -> None:
    with pytest.raises(SpecError) as caught:
        AppSpec(**{"name": "billing", "where": "layers.toml [app]", key: value})

    assert caught.value.where == f"layers.toml [app], key {key!r}"
    assert caught.value.expected
    assert caught.value.fix


def test_a_flag_is_refused_under_its_name_in_layers_toml() -> None:
    with pytest.raises(SpecError, match="async is 1") as caught:
        AppSpec("billing", async_mode=1)  # type: ignore[arg-type]

    assert caught.value.where == "[app], key 'async'"


@pytest.mark.parametrize(
    ("settings", "has_publisher"),
    [
        ({}, False),
        ({"sync_mode": True}, False),
        ({"sync_mode": False}, True),
        ({"async_mode": True}, True),
    ],
)
def test_a_function_finishes_releases_where_something_may_not_be_waited_for(
    settings: dict[str, Any], has_publisher: bool
) -> None:
    assert AppSpec("billing", **settings).has_publisher is has_publisher


def test_an_application_under_another_name_has_names_and_a_state_of_its_own() -> None:
    backend = {"bucket": "states", "key": "billing.tfstate", "region": "eu-west-1"}
    app = AppSpec("billing", backend=backend, notify="arn:aws:sns:eu-west-1:123456789012:builds")

    dev = app.called("billing-dev", "--app")

    assert (dev.project, dev.notify) == ("billing-dev-layers", app.notify)
    assert dev.backend == {**backend, "key": "billing-dev/billing.tfstate"}
    assert app.called("billing", "--app") is app
    assert AppSpec("billing").called("billing-dev", "--app").backend is None


def test_a_build_role_has_its_path_in_its_arn() -> None:
    place = ("eu-west-1", "123456789012", "aws-cn")

    assert AppSpec("shop").build_role_arn("web", *place) == (
        "arn:aws-cn:iam::123456789012:role/shop-web-eu-west-1-build"
    )
    assert AppSpec("shop", role_path="/a/b/").build_role_arn("web", *place) == (
        "arn:aws-cn:iam::123456789012:role/a/b/shop-web-6c5-eu-west-1-build"
    )


def test_names_of_roles_have_64_characters_at_most_wherever_and_whose_they_are() -> None:
    longest = 28 * "a", 64 * "l", "ap-southeast-1"
    roles = set()
    ways = [(path, whose) for path in ("/", "/a/", "/b/") for whose in ("create", "existing")]
    for path, whose in ways:
        app = AppSpec(longest[0], role_path=path, roles=whose)
        names = {app.build_role(*longest[1:]), app.push_role(*longest[1:])}
        names.add(f"{app.publisher}{app.role_mark}-{longest[2]}")
        assert max(map(len, names)) <= 64
        roles |= names
    assert len(roles) == 18


def test_a_name_that_an_option_gives_is_refused_with_the_option() -> None:
    with pytest.raises(SpecError, match="cannot name an application") as caught:
        AppSpec("billing").called("Billing", "the option --app")
    assert "the option --app" in caught.value.where
