from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from builder.aws.codebuild import BuildState
from builder.errors import SourceError
from builder.layer.layer import Layer
from builder.layer.record import Record
from builder.layer.token import Token
from builder.release.plan import Evidence, Plan, decide, next_token, plan
from tests.builder.conftest import World
from tests.builder.remembered import attempt_of, release_of

OTHER = "e" * 64


def build_of(status: str, failure: str = "") -> BuildState:
    return BuildState(
        id="web:1", status=status, phase="BUILD", log_group="", log_stream="", variables={},
        failure=failure, started=datetime.now(UTC), seconds=1, limit_seconds=3600,
    )  # fmt: skip


RUNNING, SUCCEEDED = build_of("IN_PROGRESS"), build_of("SUCCEEDED")
FAILED = build_of("FAILED", "BUILD: exit status 1")
GOOD = Evidence(version_alive=True, artifact_present=True)


@pytest.fixture
def layer(world: World) -> Layer:
    return world.layer()


def record_of(
    layer: Layer,
    *,
    current: str | None = None,
    attempt: str | None = None,
    consumed: int = 3,
    **fields: Any,
) -> Record:
    """Return a record; "this" is the layer's own fingerprint."""
    names = {"this": layer.fingerprint, "other": OTHER}
    return Record(
        "web",
        consumed=consumed,
        current=release_of(3, names[current]) if current else None,
        attempt=attempt_of(consumed, names[attempt], **fields) if attempt else None,
    )


# Status and reason, as a table


def test_every_state_has_its_status_and_reason(layer: Layer) -> None:
    known = Evidence(released_inputs=replace(layer.inputs, files={}))
    changed = "src/pyproject.toml added, src/web/__init__.py added, src/web/app.py added"
    arn = release_of(3).layer_arn

    def of(**fields: Any) -> Record:
        return record_of(layer, **fields)

    cases: list[tuple[Record | None, Evidence, bool, str, str]] = [
        (None, Evidence(), False, "missing", "first build"),
        (None, Evidence(), True, "forced", "force_rebuild is true; first build"),
        (of(), Evidence(), False, "missing", "first build"),
        (of(current="this"), GOOD, False, "current", "first build"),
        (of(current="this"), GOOD, True, "forced", "force_rebuild is true"),
        (of(current="this"), Evidence(), True, "forced", "force_rebuild is true"),
        (of(current="this"), replace(GOOD, version_alive=False), False, "missing",
         f"{arn} was deleted"),
        (of(current="this"), replace(GOOD, artifact_present=False), False, "missing",
         f"the artifact in s3://{layer.site.bucket}/web/artifacts/{layer.fingerprint}/ is gone"),
        # Another build that failed or runs changes nothing for what is published.
        (of(current="this", attempt="other", failure="x"), GOOD, False, "current", "first build"),
        (of(current="this", attempt="this", failure="x"), GOOD, False, "current", "first build"),
        (of(current="other"), known, False, "stale", changed),
        (of(current="other"), known, True, "forced", f"force_rebuild is true; {changed}"),
        (of(current="other"), Evidence(), False, "stale",
         "the inputs changed (what they were at the last release is not known)"),
        (of(current="other", attempt="other", failure="x"), known, False, "stale", changed),
        (of(current="other", attempt="this"), known, False, "stale", changed),
        (of(current="other", attempt="this", failure="x"), known, False, "failed",
         f"{changed}; build 3 failed (x) and is to be tried again"),
        (of(attempt="this", failure="x"), Evidence(), False, "failed",
         "first build; build 3 failed (x) and is to be tried again"),
        (of(attempt="this", build_id="web:gone"), Evidence(), False, "failed",
         "first build; build 3 failed (CodeBuild does not know build web:gone) and is to be tried"
         " again"),
        (of(attempt="this"), Evidence(builds=(RUNNING,)), False, "building", "a reason"),
        (of(attempt="this"), Evidence(builds=(RUNNING,)), True, "forced",
         "force_rebuild is true; first build"),
        (of(attempt="this"), Evidence(builds=(SUCCEEDED,)), False, "missing", "first build"),
        (of(attempt="this"), Evidence(builds=(FAILED,)), False, "failed",
         "first build; build 3 failed (BUILD: exit status 1) and is to be tried again"),
        (of(attempt="this"), Evidence(builds=(build_of("STOPPED"),)), False, "failed",
         "first build; build 3 failed (STOPPED) and is to be tried again"),
    ]  # fmt: skip
    for record, evidence, force, status, why in cases:
        assert decide(layer, record, evidence, force=force) == (status, why)


# Tokens, as a table


@pytest.mark.parametrize(
    ("status", "consumed", "approved", "number"),
    [
        ("missing", None, None, 1),
        ("missing", None, 4, 5),  # the record was deleted: numbers are never used twice
        ("missing", 0, None, 1),
        ("stale", 3, 3, 4),
        ("stale", 3, None, 4),
        ("stale", 3, 7, 8),  # approved, and never begun: the hook was killed before
        ("failed", 3, 3, 4),
        ("building", 3, 3, 4),
        ("forced", 3, 3, 4),
        ("current", 3, 3, 2),
        ("current", 9, 9, 2),
        ("current", 3, None, 2),
    ],
)
def test_the_next_token_is_the_recorded_one_or_a_number_never_used(
    status: str, consumed: int | None, approved: int | None, number: int
) -> None:
    record = None
    if consumed is not None:
        record = Record("web", consumed=consumed, current=release_of(2, OTHER))
    token = Token("d" * 64, approved) if approved else None

    found = next_token(OTHER, status, record, token)

    assert found == Token(OTHER, number)


# Against AWS


def unwritten(world: World, ask: Callable[[], Plan]) -> Plan:
    """Return the plan, and see that making it wrote nothing and started nothing."""
    before = len(world.aws.calls())
    planned = ask()
    mine = [c for c in world.aws.calls()[before:] if world.name in c.target or c.is_write]
    assert [c for c in mine if c.is_write and world.name in c.target] == []
    return planned


def test_plan_writes_nothing_when_the_bucket_is_missing(world: World) -> None:
    layer = world.layer()
    world.aws.client("s3").delete_bucket(Bucket=world.name)

    planned = unwritten(world, lambda: plan(layer))

    assert (planned.status, planned.reason, planned.release) == ("missing", "first build", None)
    assert planned.token == Token(layer.fingerprint, 1)


def test_a_released_layer_is_current_and_keeps_its_token(world: World) -> None:
    release = world.release()

    planned = unwritten(world, lambda: plan(world.layer()))

    assert planned == Plan(release.token, "current", "first build", release)
    assert plan(world.layer()) == planned


def test_a_change_names_the_file_and_keeps_the_last_good_release(world: World) -> None:
    release = world.release()
    world.edit()

    planned = unwritten(world, lambda: plan(world.layer()))

    assert (planned.status, planned.reason) == ("stale", "src/web/app.py changed")
    assert planned.release == release
    assert planned.token.number == 2


def test_taking_a_change_back_makes_the_layer_current_again(world: World) -> None:
    world.edit("x = 1\n")
    release = world.release()
    world.edit()
    plan(world.layer())
    world.edit("x = 1\n")

    assert plan(world.layer()).token == release.token


@pytest.mark.parametrize("name", ["layer.zip", "manifest.json"])
def test_an_artifact_deleted_by_hand_is_missed(world: World, name: str) -> None:
    release = world.release()
    world.delete(f"web/artifacts/{release.fingerprint}/{name}")

    planned = plan(world.layer())

    assert planned.status == "missing"
    assert release.fingerprint in planned.reason


def test_a_layer_version_deleted_by_hand_is_missed(world: World) -> None:
    release = world.release()
    world.delete_version(1)

    planned = plan(world.layer())

    assert (planned.status, planned.reason) == ("missing", f"{release.layer_arn} was deleted")


def test_a_record_deleted_by_hand_is_missed(world: World) -> None:
    world.release()
    world.delete("web/record.json")

    planned = plan(world.layer())

    assert planned.status == "missing"
    assert planned.reason == f"the record s3://{world.name}/web/record.json is gone"
    assert planned.token.number == 2


def test_an_approval_deleted_by_hand_is_asked_for_again_with_the_same_token(world: World) -> None:
    release = world.release()
    world.delete("web/approved")

    assert plan(world.layer()).token == release.token


def test_inputs_deleted_by_hand_leave_a_plan_that_cannot_say_what_changed(world: World) -> None:
    release = world.release()
    world.edit()
    world.put(f"web/inputs/{release.fingerprint}.json", b"\xff{")
    assert "not known" in plan(world.layer()).reason

    world.delete(f"web/inputs/{release.fingerprint}.json")
    assert "not known" in plan(world.layer()).reason


def test_an_approval_that_is_no_token_is_as_none(world: World) -> None:
    world.put("web/approved", b"\xffinvalid")

    assert plan(world.layer()).token.number == 1


def test_a_plan_needs_only_the_rights_to_read(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = world.release()
    world.become(
        monkeypatch,
        *("s3:ListBucket", "s3:GetObject", "lambda:GetLayerVersion", "codebuild:BatchGetBuilds"),
    )

    assert plan(world.layer()).release == release
    world.edit()
    assert plan(world.layer()).status == "stale"
    assert plan(world.layer("new")).status == "missing"


def test_a_source_that_cannot_be_used_is_no_plan(world: World) -> None:
    (world.root / "src/web/link.py").symlink_to("/etc/passwd")

    with pytest.raises(SourceError, match="leads out of the project"):
        plan(world.layer())


def test_debug_mode_shows_what_was_found_and_what_was_decided(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", logger="builder")
    plan(world.layer())

    said = [
        record.getMessage() for record in caplog.records if record.name == "builder.release.plan"
    ]
    assert said[0].startswith("web: Evidence(")
    assert said[1].startswith("web: missing, token ")
