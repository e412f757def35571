"""Whom a layer is shared with, and its parameter: releases, changes, crashes and the end."""

import json
from dataclasses import replace
from typing import Any

import pytest

from builder.aws.session import Credentials
from builder.errors import AwsError, ConflictError
from builder.layer.layer import Layer
from builder.operations.retire import Retirement, retire
from builder.operations.rollback import roll_back, unpin, unpinning_of
from builder.operations.status import status_of
from builder.release.plan import plan
from builder.release.share import share
from tests.builder.conftest import ACCOUNT, REGION, World, die, quick
from tests.builder.fleet import answer

ONE, TWO, ORGANIZATION = "111111111111", "222222222222", "o-a1b2c3d4e5"
RIGHTS = (
    "s3:*", "codebuild:*", "iam:PassRole", "logs:GetLogEvents", "sts:GetCallerIdentity",
    "lambda:PublishLayerVersion", "lambda:GetLayerVersion", "lambda:ListLayerVersions",
)  # fmt: skip


def shared(world: World, version: int) -> set[str]:
    """Return who may use a version, as its policy says; by our statements and others'."""
    client = world.aws.client("lambda")
    try:
        answer = client.get_layer_version_policy(
            LayerName=f"{world.name}-web", VersionNumber=version
        )
    except client.exceptions.ResourceNotFoundException:
        return set()
    found = set()
    for statement in json.loads(answer["Policy"])["Statement"]:
        assert statement["Action"] == "lambda:GetLayerVersion"
        condition = statement.get("Condition")
        if condition:
            assert statement["Principal"] == "*"
            found.add(condition["StringEquals"]["aws:PrincipalOrgID"])
        else:
            found.add(statement["Principal"]["AWS"].split(":")[4])
    return found


def parameter(world: World, name: str) -> str | None:
    return world.services.parameters.get(name)


def said(layer: Layer) -> tuple[str, str]:
    planned = plan(layer)
    return planned.status, planned.reason


def test_each_new_version_is_shared_and_named(world: World) -> None:
    name = f"/layers/{world.name}"
    fields: dict[str, Any] = {"share": (ONE, ORGANIZATION), "parameter": name}
    first = world.release(world.layer(**fields))
    assert shared(world, 1) == {ONE, ORGANIZATION}
    assert parameter(world, name) == first.layer_arn
    assert said(world.layer(**fields))[0] == "current"

    world.edit()
    second = world.release(world.layer(**fields))
    assert shared(world, 2) == {ONE, ORGANIZATION}
    assert parameter(world, name) == second.layer_arn
    assert said(world.layer(**fields))[0] == "current"
    assert status_of(world.layer(**fields)).shared == frozenset({ONE, ORGANIZATION})


def test_a_change_alone_is_due_with_its_reason_and_builds_nothing(world: World) -> None:
    world.release(world.layer(share=(ONE,)))
    layer = world.layer(share=(ONE, TWO), parameter=f"/layers/{world.name}")
    assert said(layer) == (
        "unshared",
        f"published as version 1; share has been given {TWO}; "
        f"parameter /layers/{world.name} does not name it yet",
    )
    before = plan(world.layer(share=(ONE,))).token

    release = world.release(layer)
    assert (release.version, len(world.builds()), world.versions()) == (1, 1, [1])
    assert release.fingerprint == before.fingerprint
    assert shared(world, 1) == {ONE, TWO}
    assert said(layer) == ("current", "first build")


def test_who_is_taken_away_loses_all_versions_and_others_statements_stay(world: World) -> None:
    world.release(world.layer(share=(ONE, TWO)))
    world.edit()
    world.release(world.layer(share=(ONE, TWO)))
    world.aws.client("lambda").add_layer_version_permission(
        LayerName=f"{world.name}-web", VersionNumber=1, StatementId="by-hand",
        Action="lambda:GetLayerVersion", Principal="333333333333",
    )  # fmt: skip

    layer = world.layer(share=(TWO,))
    assert said(layer) == (
        "unshared", f"published as version 2; share no longer has {ONE}"
    )  # fmt: skip
    world.release(layer)
    assert (shared(world, 1), shared(world, 2)) == ({TWO, "333333333333"}, {TWO})
    world.release(world.layer())
    assert (shared(world, 1), shared(world, 2)) == ({"333333333333"}, set())
    assert said(world.layer())[0] == "current"


def test_a_parameter_that_is_renamed_or_taken_away_is_deleted(world: World) -> None:
    old, new = f"/layers/{world.name}/old", f"/layers/{world.name}/new"
    release = world.release(world.layer(parameter=old))
    world.release(world.layer(parameter=new))
    assert (parameter(world, old), parameter(world, new)) == (None, release.layer_arn)
    world.release(world.layer())
    assert parameter(world, new) is None


@pytest.mark.parametrize("there", ["postgres://secret", "arn:aws:lambda:x:1:layer:other:1", ""])
def test_a_parameter_with_anything_else_is_never_written_over(world: World, there: str) -> None:
    name = f"/layers/{world.name}"
    world.aws.client("ssm").put_parameter(Name=name, Value=there or " ", Type="String")
    layer = world.layer(parameter=name, share=(ONE,))
    with pytest.raises(ConflictError, match="is not that of layer 'web'") as caught:
        world.release(layer)
    assert f"aws ssm delete-parameter --name {name}" in caught.value.fix
    assert parameter(world, name) == (there or " ")
    # The version is published, recorded and shared; what the advice says is enough.
    assert said(layer)[0] == "unshared"
    world.aws.client("ssm").delete_parameter(Name=name)
    release = world.release(layer)
    assert (release.version, parameter(world, name)) == (1, release.layer_arn)
    assert said(layer)[0] == "current"


@pytest.mark.parametrize("writes", range(1, 14))
def test_whenever_it_is_killed_the_next_apply_finishes(world: World, writes: int) -> None:
    name = f"/layers/{world.name}"
    world.release(world.layer(share=(ONE,), parameter=f"{name}/old"))
    fields: dict[str, Any] = {"share": (TWO, ORGANIZATION), "parameter": name}
    try:
        die(world, writes, **fields)
    except pytest.fail.Exception:  # it had ended before
        assert said(world.layer(**fields))[0] == "current"
    # What was given by the one that was killed is taken back, too.
    release = world.release(world.layer(share=(TWO,), parameter=name))
    assert shared(world, 1) == {TWO}
    assert parameter(world, f"{name}/old") is None
    assert parameter(world, name) == release.layer_arn
    assert world.versions() == [1]


def test_without_the_right_the_release_is_there_and_the_rest_is_due(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        world.become(patch, *RIGHTS)
        layer = world.layer(share=(ONE,))
        with pytest.raises(AwsError, match="may not lambda:GetLayerVersionPolicy"):
            world.release(layer)
        assert said(layer)[0] == "unshared"
    for made in ("session", "services"):
        vars(world).pop(made, None)
    world.release(world.layer(share=(ONE,)))
    assert (world.versions(), shared(world, 1)) == ([1], {ONE})


def test_the_rights_that_are_documented_are_enough(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.become(
        monkeypatch, *RIGHTS, "lambda:GetLayerVersionPolicy", "lambda:AddLayerVersionPermission",
        "lambda:RemoveLayerVersionPermission",
        "ssm:GetParameter", "ssm:PutParameter", "ssm:DeleteParameter",
    )  # fmt: skip
    name = f"/layers/{world.name}"
    world.release(world.layer(share=(ONE, TWO), parameter=f"{name}/old"))
    release = world.release(world.layer(share=(ONE,), parameter=name))
    assert world.services.layers.shared_with(f"{world.name}-web", 1) == {ONE}
    assert parameter(world, name) == release.layer_arn


def test_a_layer_that_is_not_shared_asks_for_nothing_of_it(world: World) -> None:
    before = len(world.aws.calls())
    world.release()
    asked = {call.operation for call in world.aws.calls()[before:]}
    assert not [name for name in asked if "Permission" in name or "Parameter" in name]


def test_an_older_release_that_ends_late_names_the_newer_one(world: World) -> None:
    name = f"/layers/{world.name}"
    layer = world.layer(parameter=name)
    first = world.release(layer)
    world.edit()
    second = world.release(world.layer(parameter=name))

    share(layer, first, progress=lambda _line: None)
    assert parameter(world, name) == second.layer_arn


@pytest.mark.parametrize("newer", [(ONE, TWO), (TWO,)])
def test_who_was_given_a_version_by_another_process_meanwhile_is_not_forgotten(
    world: World, newer: tuple[str, ...]
) -> None:
    """An older apply ends last: the record must still know whom the newer one has let in."""
    name = f"/layers/{world.name}"
    first = world.release(world.layer(share=(ONE,)))
    older = world.layer(share=(ONE,), parameter=name)

    def meanwhile(line: str) -> None:
        if line.startswith("parameter"):  # all that is left to do is to note what was done
            share(world.layer(share=newer, parameter=name), first, progress=lambda _line: None)

    share(older, first, progress=meanwhile)
    assert shared(world, 1) == set(newer)
    assert said(older)[0] == "unshared"
    world.release(older)

    assert shared(world, 1) == {ONE}
    assert said(older)[0] == "current"


def test_a_refusal_because_of_anothers_change_is_not_taken_for_done(world: World) -> None:
    """Lambda says the same of an account that has the version and of a change under way."""
    world.release()
    layer = world.layer(share=(ONE,))
    conflicts = [answer("ResourceConflictException", 409)]
    layers: Any = layer.services.layers
    events = layers._lambda.meta.events
    events.register_first(
        "before-call.lambda.AddLayerVersionPermission",
        lambda **_event: conflicts.pop() if conflicts else None,
    )
    with pytest.raises(AwsError, match="ResourceConflictException"):
        world.release(layer)
    assert said(layer)[0] == "unshared"

    world.release(layer)
    assert shared(world, 1) == {ONE}
    assert said(layer)[0] == "current"


def test_two_processes_that_share_the_same_leave_nothing_to_do(world: World) -> None:
    first = world.release()
    layer = world.layer(share=(ONE, TWO))

    def meanwhile(_line: str) -> None:
        share(layer, first, progress=lambda _line: None)

    share(layer, first, progress=meanwhile)
    assert shared(world, 1) == {ONE, TWO}
    assert said(layer)[0] == "current"


def test_a_rollback_and_its_end_change_the_parameter(world: World) -> None:
    name = f"/layers/{world.name}"
    first = world.release(world.layer(parameter=name))
    world.edit()
    second = world.release(world.layer(parameter=name))
    layer, clock = world.layer(parameter=name), quick()

    roll_back(layer, first, by="me", reason="", clock=clock, progress=print)
    assert parameter(world, name) == first.layer_arn
    world.edit()
    assert plan(world.layer(parameter=name)).status == "pinned"
    unpinning = replace(unpinning_of(layer), moves_to=second)
    unpin(layer, unpinning, clock=clock, progress=print)
    assert parameter(world, name) == second.layer_arn


@pytest.mark.parametrize("retain", [False, True])
def test_the_end_of_a_layer_is_that_of_its_parameter(world: World, retain: bool) -> None:
    name = f"/layers/{world.name}"
    world.release(world.layer(parameter=name))
    gone = Retirement(
        "web", f"{world.name}-web", world.name, REGION, ACCOUNT, Credentials(), retain=retain
    )
    retire(world.services, gone, progress=print)
    assert (parameter(world, name) is not None) is retain
