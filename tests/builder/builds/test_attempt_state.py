from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from builder.aws.codebuild import BuildState
from builder.builds.attempt_state import (
    NOT_RELEASED,
    PATIENCE,
    Condition,
    ongoing_attempt,
    state_of,
)
from builder.layer.attempt import Attempt
from builder.protocol.statuses import FAILED, PUBLISHING
from builder.release.plan import plan
from builder.release.release import advance
from tests.builder.conftest import World, order_of, quick
from tests.patience import wait_until

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
ONE = Attempt(1, "f" * 64, "first build", "2026-01-01T11:00:00Z", build_id="web:1")
TWO = replace(ONE, build_id="", builds={"python3.12": "web:a", "python3.13": "web:b"})


def build(
    status: str, id_: str = "web:1", *, failure: str = "", ended: timedelta = timedelta(minutes=1)
) -> BuildState:
    """Return a build that ended some time before NOW."""
    return BuildState(
        id=id_,
        status=status,
        phase="BUILD",
        log_group="",
        log_stream="",
        variables={},
        failure=failure,
        started=NOW - ended - timedelta(minutes=5),
        seconds=300,
        limit_seconds=3600,
    )


RUNS, GOOD, BAD = build("IN_PROGRESS"), build("SUCCEEDED"), build("FAILED", failure="BUILD: no")
OLD = build("SUCCEEDED", ended=PATIENCE + timedelta(seconds=1))
A_RUNS, A_GOOD = build("IN_PROGRESS", "web:a"), build("SUCCEEDED", "web:a")
B_GOOD, B_BAD = build("SUCCEEDED", "web:b"), build("STOPPED", "web:b")
LOST = "CodeBuild does not know build"


@pytest.mark.parametrize(
    ("attempt", "builds", "condition", "failure"),
    [
        (replace(ONE, build_id=""), [], Condition.STARTING, ""),
        (ONE, [RUNS], Condition.RUNNING, ""),
        (ONE, [GOOD], Condition.BUILT, ""),
        (ONE, [OLD], Condition.ABANDONED, NOT_RELEASED),
        # One that has just begun and goes on with what an earlier one built.
        (replace(ONE, started_at="2026-01-01T11:59:00Z"), [OLD], Condition.BUILT, ""),
        (replace(ONE, started_at="noon"), [OLD], Condition.ABANDONED, NOT_RELEASED),
        (ONE, [BAD], Condition.FAILED, "BUILD: no"),
        (ONE, [], Condition.FORGOTTEN, f"{LOST} web:1"),
        (replace(ONE, failure="no artifact"), [GOOD], Condition.FAILED, "no artifact"),
        (replace(ONE, failure="no artifact"), [], Condition.FAILED, "no artifact"),
        (TWO, [A_RUNS, B_GOOD], Condition.RUNNING, ""),
        (TWO, [A_RUNS, B_BAD], Condition.RUNNING, ""),
        (TWO, [A_GOOD, B_GOOD], Condition.BUILT, ""),
        (TWO, [A_GOOD, B_BAD], Condition.FAILED, "python3.13: STOPPED"),
        (TWO, [A_GOOD], Condition.FORGOTTEN, f"python3.13: {LOST} web:b"),
        (TWO, [A_RUNS], Condition.RUNNING, ""),
        (TWO, [], Condition.FORGOTTEN, f"python3.12: {LOST} web:a; python3.13: {LOST} web:b"),
        # A build of it that was started, and not noted yet.
        (replace(ONE, build_id=""), [RUNS], Condition.RUNNING, ""),
        (replace(ONE, build_id=""), [BAD], Condition.FAILED, "BUILD: no"),
    ],
)
def test_an_attempt_is_judged_by_its_builds(
    attempt: Attempt, builds: list[BuildState], condition: Condition, failure: str
) -> None:
    state = state_of(attempt, builds, now=NOW)

    assert (state.condition, state.failure) == (condition, failure)
    assert state.failed == (failure not in {"", NOT_RELEASED})
    assert (state.stage == FAILED) == bool(failure)
    assert (state.stage == PUBLISHING) == (condition == Condition.BUILT)
    assert state.goes_on == (condition in {Condition.RUNNING, Condition.BUILT})


def test_a_build_that_runs_says_most_and_then_one_that_failed() -> None:
    def leading(*builds: BuildState) -> BuildState | None:
        return state_of(TWO, builds, now=NOW).leading

    assert leading(B_BAD, A_RUNS) == A_RUNS
    assert leading(A_GOOD, B_BAD) == B_BAD
    assert leading(A_GOOD, B_GOOD) == A_GOOD
    assert leading() is None


def test_the_next_attempt_learns_which_builds_failed_also_while_others_run() -> None:
    noted = state_of(TWO, [A_RUNS, B_BAD], now=NOW).noted()
    assert (noted.failed, noted.failure) == (("python3.13",), "python3.13: STOPPED")

    assert state_of(TWO, [A_RUNS, B_GOOD], now=NOW).noted() == TWO
    known = replace(TWO, failure="it was written down")
    assert state_of(known, [A_RUNS, B_BAD], now=NOW).noted() == known


# In CodeBuild


def begin(world: World, *behaviour: str) -> None:
    """Start a build of changed sources and leave it."""
    world.behave(*behaviour)
    layer = world.layer()
    with world.held():
        assert advance(layer, order_of(layer), clock=quick()) is None


def ended(world: World) -> None:
    wait_until(lambda: world.builds()[-1]["buildStatus"] != "IN_PROGRESS")


def later(world: World, **time_: float) -> str:
    """Return the build that will still go on some time from now, or ""."""
    layer = world.layer()
    found = ongoing_attempt(layer, layer.records.load(), now=datetime.now(UTC) + timedelta(**time_))
    return found.build_id if found else ""


def test_a_build_that_runs_goes_on_by_itself_however_long(world: World) -> None:
    begin(world, "wait", str(world.root / "go"))
    assert later(world, hours=5) == world.builds()[-1]["id"]
    (world.root / "go").touch()


def test_a_build_that_has_just_ended_goes_on_by_itself_until_patience_ends(world: World) -> None:
    begin(world, "well")
    ended(world)

    assert later(world, seconds=1) == world.builds()[-1]["id"]
    assert later(world, seconds=PATIENCE.total_seconds() + 60) == ""


def test_a_release_that_was_not_finished_is_due_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(world, "well")
    ended(world)
    assert plan(world.layer(), waits=False).status == "building"

    monkeypatch.setattr("builder.builds.attempt_state.PATIENCE", timedelta())
    planned = plan(world.layer(), waits=False)

    assert (planned.status, planned.token.number) == ("missing", 2)
    assert world.release().version == 1
    assert len(world.builds()) == 1


def test_what_failed_or_is_of_other_sources_does_not_go_on(world: World) -> None:
    layer = world.layer()
    assert ongoing_attempt(layer, None) is None
    begin(world, "fail")
    ended(world)
    assert later(world) == ""
    world.behave("well")
    assert later(world) == ""


def test_a_forced_rebuild_that_runs_goes_on_though_its_sources_are_current(
    world: World,
) -> None:
    world.behave("wait", str(world.root / "go"))
    (world.root / "go").touch()
    world.release()
    (world.root / "go").unlink()
    layer = world.layer()
    order = order_of(layer, force=True)
    advance(layer, order, clock=quick())

    assert plan(layer, waits=False).token == order.token
    assert plan(layer).status == "current"
    assert plan(layer, force=True, waits=False).status == "forced"
    (world.root / "go").touch()
