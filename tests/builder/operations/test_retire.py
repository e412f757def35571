import base64
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from click.testing import CliRunner

from builder.aws.session import Credentials
from builder.cli import main
from builder.errors import BuildFailed, LayerRetired, SpecError
from builder.operations.retire import Retirement, retire
from builder.protocol.variables import RETIRE_VARIABLE
from builder.release.release import advance
from tests.builder.conftest import World, order_of
from tests.builder.fleet import function_of
from tests.patience import PATIENCE, wait_until

ASKED = {
    "layer": "web",
    "layer_name": "billing-web",
    "bucket": "b",
    "region": "eu-west-1",
    "account": "123456789012",
    "profile": "",
    "role_arn": "",
    "retain": "false",
}


def retired(world: World, **changes: Any) -> list[str]:
    """Retire the layer web, return what was said."""
    lines: list[str] = []
    site = world.layer().site
    retirement = Retirement(
        "web", site.layer_name, site.bucket, site.region, site.account, Credentials()
    )
    retire(world.services, replace(retirement, **changes), progress=lines.append)
    return lines


def test_a_layer_is_removed_with_all_its_versions_and_objects(world: World) -> None:
    world.release()
    world.edit()
    world.release()
    world.put("web2/record.json", b"another layer")

    lines = retired(world)

    assert world.versions() == []
    left: Any = world.aws.client("s3").list_object_versions(Bucket=world.name)
    assert [v["Key"] for v in left["Versions"]] == ["web2/record.json"]
    assert "DeleteMarkers" not in left
    assert sum(line.startswith("deleted arn:") for line in lines) == 2


def test_a_version_that_functions_have_stays_is_named_and_goes_once_none_has_it(
    world: World,
) -> None:
    first = world.release()
    name = function_of(world, "f", [first.layer_arn], Publish=True)
    world.edit()
    world.release()
    lambda_ = world.aws.client("lambda")
    lambda_.update_function_configuration(FunctionName=name, Layers=[])

    lines = retired(world)

    assert world.versions() == [1]
    assert f"keeping {first.layer_arn}, which is used by {name}:1" in lines
    assert "lambda-layer retire web" in str(lines)
    assert retired(world)[0] == f"keeping {first.layer_arn}, which is used by {name}:1"

    lambda_.delete_function(FunctionName=name)
    assert f"deleted {first.layer_arn}" in retired(world)
    assert (world.versions(), world.keys()) == ([], [])


def test_without_the_right_to_see_what_uses_them_versions_stay(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.release()
    bucket = ("s3:GetObject", "s3:PutObject", "s3:ListBucket", "s3:ListBucketVersions")
    deletes = ("s3:DeleteObject", "s3:DeleteObjectVersion", "lambda:DeleteLayerVersion")
    world.become(monkeypatch, *bucket, *deletes, "lambda:ListLayerVersions")

    lines = retired(world)

    assert world.versions() == [1]
    assert "lambda:ListFunctions" in lines[0]


def test_versions_that_another_caller_published_stay(world: World) -> None:
    release = world.release()
    content = world.read(f"web/artifacts/{release.fingerprint}/layer.zip")
    world.aws.client("lambda").publish_layer_version(
        LayerName=f"{world.name}-web", Content={"ZipFile": content}, Description="mine [not #1]"
    )

    retired(world)

    assert world.versions() == [2]


def test_versions_of_another_application_that_makes_the_same_name_stay(world: World) -> None:
    release = world.release()
    content = world.read(f"web/artifacts/{release.fingerprint}/layer.zip")
    marks = [f"[{'0' * 64}#1 of {world.name[:-2]}]", f"[{'0' * 64}#1]"]
    for mark in marks:
        world.aws.client("lambda").publish_layer_version(
            LayerName=f"{world.name}-web", Content={"ZipFile": content}, Description=mark
        )

    lines = retired(world)

    assert world.versions() == [2, 3]
    assert f"for application {world.name[:-2]}" in str(lines)


def test_a_version_of_before_is_removed_if_the_record_knows_it(world: World) -> None:
    release = world.release()
    lambda_ = world.aws.client("lambda")
    content = world.read(f"web/artifacts/{release.fingerprint}/layer.zip")
    old = lambda_.publish_layer_version(
        LayerName=f"{world.name}-web",
        Content={"ZipFile": content},
        Description=f"[{release.fingerprint}#1]",
    )
    known = replace(release, number=0, layer_arn=old["LayerVersionArn"], version=2)
    world.layer().records.change(lambda record: record.published(known))

    retired(world)

    assert world.versions() == []


def test_a_build_that_the_record_claims_and_that_is_anothers_goes_on(world: World) -> None:
    world.behave("wait", str(world.root / "never"))
    layer = world.layer()
    assert advance(layer, order_of(layer)) is None
    foreign = replace(layer.records.load_or_new(), layer="web2")
    world.put("web2/record.json", foreign.to_json().encode())

    lines = retired(world, layer="web2", layer_name=f"{world.name}-web2")

    assert not [line for line in lines if "stopped" in line]
    assert [build["buildStatus"] for build in world.builds()] == ["IN_PROGRESS"]
    retired(world)


def test_with_retain_everything_stays(world: World) -> None:
    world.release()
    before = world.keys()

    lines = retired(world, retain=True)

    assert (world.versions(), world.keys()) == ([1], before)
    assert "keeping the versions" in lines[0]


def test_what_is_gone_already_is_no_error_so_that_destroy_can_be_repeated(world: World) -> None:
    world.release()
    retired(world)
    retired(world)
    world.aws.client("s3").delete_bucket(Bucket=world.name)

    assert retired(world) == []


def test_a_layer_that_was_never_built_is_retired_too(world: World) -> None:
    assert len(retired(world)) == 1


def test_a_build_that_was_left_behind_is_stopped(world: World) -> None:
    world.behave("wait", str(world.root / "never"))
    with ThreadPoolExecutor(1) as pool:
        run = pool.submit(world.release)
        wait_until(lambda: _build_of(world) != "")
        lines = retired(world)
        # Whichever it sees first: that its build was stopped, or that the record has gone.
        with pytest.raises((BuildFailed, LayerRetired), match=r"STOPPED|was retired while"):
            run.result(PATIENCE)
    assert lines[0] == f"stopped build {world.builds()[0]['id']}"
    assert world.builds()[0]["buildStatus"] == "STOPPED"
    assert world.keys("web/record.json") == []


def test_all_builds_of_several_targets_are_stopped(world: World) -> None:
    world.behave("wait", str(world.root / "never"))
    layer = world.layer(python=("3.12", "3.13"))
    assert advance(layer, order_of(layer)) is None

    lines = retired(world)

    assert sorted(lines[:2]) == sorted(f"stopped build {build['id']}" for build in world.builds())
    assert [build["buildStatus"] for build in world.builds()] == ["STOPPED", "STOPPED"]


def _build_of(world: World) -> str:
    record = world.layer().records.load()
    return record.attempt.build_id if record and record.attempt else ""


def test_a_retired_layer_can_be_released_again(world: World) -> None:
    world.release()
    retired(world)

    assert world.release().version >= 1


# By hand

ZIP = base64.b64decode("UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA==")
"""A zip without files."""

CONFIG = """
[app]
name = "{name}"

[layers.left]
dependencies = ["six"]
python = ["3.12"]
architecture = "arm64"
"""


def by_hand(
    world: World, monkeypatch: pytest.MonkeyPatch, *arguments: str, answer: str = ""
) -> tuple[int, str]:
    """Run `lambda-layer retire` in an application whose layers.toml has the layer ``left``."""
    for name, value in world.aws.environment().items():
        monkeypatch.setenv(name, value)
    config = world.root / "layers.toml"
    config.write_text(CONFIG.format(name=world.name))
    done = CliRunner().invoke(
        main, ["--config", str(config), "retire", *arguments], input=answer, catch_exceptions=False
    )
    return done.exit_code, done.output


@pytest.fixture
def removed(world: World) -> World:
    """A world in which web was published by us, and is not in layers.toml any more."""
    lambda_ = world.aws.client("lambda")
    for token in (f"[{'0' * 64}#1 of {world.name}]", "by hand"):
        lambda_.publish_layer_version(
            LayerName=f"{world.name}-web", Content={"ZipFile": ZIP}, Description=token
        )
    return world


def test_a_layer_that_is_not_in_layers_toml_any_more_is_retired_by_its_name(
    removed: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, said = by_hand(removed, monkeypatch, "web", "--yes")

    assert (code, removed.versions()) == (0, [2]), said


def test_retiring_by_hand_asks_first(removed: World, monkeypatch: pytest.MonkeyPatch) -> None:
    code, said = by_hand(removed, monkeypatch, "web", answer="n\n")

    assert (code, removed.versions()) == (1, [1, 2])
    assert f"Delete all versions we published of {removed.name}-web?" in said


@pytest.mark.parametrize("name", ["", "Web", "web/", ".."])
def test_what_cannot_name_a_layer_is_refused(
    world: World, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    code, said = by_hand(world, monkeypatch, name, "--yes")

    assert code == 1
    assert "cannot name a layer" in said


# What Terraform says


def test_terraform_says_what_to_retire_in_a_variable() -> None:
    text = json.dumps({**ASKED, "profile": "p", "role_arn": "arn:r", "retain": "true"})

    assert Retirement.from_environment({RETIRE_VARIABLE: text}) == Retirement(
        layer="web",
        layer_name="billing-web",
        bucket="b",
        region="eu-west-1",
        account="123456789012",
        credentials=Credentials("p", "arn:r"),
        retain=True,
        by_terraform=True,
    )


def test_settings_of_another_version_that_are_not_known_change_nothing() -> None:
    more = {**ASKED, "project": "billing-layers", "on_destroy": "the published versions stay"}
    asked = [Retirement.from_environment({RETIRE_VARIABLE: json.dumps(s)}) for s in (ASKED, more)]

    assert asked[0] is not None
    assert asked[0] == asked[1]


@pytest.mark.parametrize(
    ("retain", "expected"), [("true", True), (True, True), ("false", False), (False, False)]
)
def test_retain_may_be_a_string_or_a_boolean(retain: Any, expected: bool) -> None:
    found = Retirement.from_environment({RETIRE_VARIABLE: json.dumps({**ASKED, "retain": retain})})

    assert found is not None
    assert found.retain is expected


@pytest.mark.parametrize(("value", "expected"), [("true", True), ("1", True), ("false", False)])
def test_retain_may_be_in_the_environment_of_a_destroy(value: str, expected: bool) -> None:
    environment = {RETIRE_VARIABLE: json.dumps(ASKED), "TF_VAR_retain_versions": value}
    found = Retirement.from_environment(environment)

    assert found is not None
    assert found.retain is expected


@pytest.mark.parametrize("environment", [{}, {RETIRE_VARIABLE: ""}])
def test_without_the_variable_it_is_not_terraform_that_asks(environment: dict[str, str]) -> None:
    assert Retirement.from_environment(environment) is None


@pytest.mark.parametrize("text", ["{", "[]", "3", "null", "{}", '{"layer": "web"}'])
def test_a_variable_that_cannot_be_read_is_refused_with_its_name(text: str) -> None:
    with pytest.raises(SpecError, match=RETIRE_VARIABLE):
        Retirement.from_environment({RETIRE_VARIABLE: text})


def test_nothing_is_removed_while_terraform_still_has_the_approval(world: World) -> None:
    world.release()
    world.put("web/approved", b"token")
    keys = world.keys()

    lines = retired(world, by_terraform=True)

    assert (world.versions(), world.keys()) == ([1], keys)
    assert lines[0].startswith(f"keeping {world.name}-web: only terraform_data...retire")

    world.services.store.delete_all("web/approved")
    retired(world, by_terraform=True)
    assert (world.versions(), world.keys()) == ([], [])


def test_who_retires_by_hand_is_not_kept_from_it_by_an_approval(world: World) -> None:
    world.release()
    world.put("web/approved", b"token")

    retired(world)

    assert (world.versions(), world.keys()) == ([], [])
