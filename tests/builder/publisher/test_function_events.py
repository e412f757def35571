"""Events that come twice, late or for others, and who does the same at the same time."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from builder.aws.codebuild import BuildState
from builder.errors import AwsError
from builder.layer.attempt import PUSH, Attempt
from builder.layer.record import Record
from builder.layer.token import Token
from builder.protocol.statuses import FAILED, IGNORED, RELEASED
from builder.publisher.function import waiting_for
from builder.release.plan import plan
from builder.release.release import advance, ensure
from tests.builder.conftest import Killed, World, die, order_of, quick
from tests.builder.publishing import WorldApp, begin, last, publisher, record
from tests.patience import PATIENCE, wait_until

# Events that nobody needs


def test_an_event_that_comes_again_does_nothing(world: World) -> None:
    begin(world)
    event = last(world)
    publisher(world).answer(event)
    before = record(world)

    again = publisher(world).answer(event)

    assert before.current is not None
    why = f"no attempt waits for build {before.current.build_id}"
    assert (again.what, again.why) == (IGNORED, why)
    assert record(world) == before
    assert world.versions() == [1]


def test_an_event_of_an_older_build_that_comes_late_does_nothing(world: World) -> None:
    world.behave("fail")
    begin(world)
    late = last(world)
    world.behave("well")
    order = begin(world)
    new = last(world)

    assert publisher(world).answer(late).what == IGNORED
    assert publisher(world).answer(new).what == RELEASED
    assert publisher(world).answer(late).what == IGNORED
    current = record(world).current
    assert current is not None
    assert current.token == order.token


def test_a_build_that_was_overtaken_is_not_published(world: World) -> None:
    """A sync apply of newer sources has begun while the first build was still running."""
    begin(world)
    overtaken = last(world)
    world.edit()
    begin(world)

    assert publisher(world).answer(overtaken).what == IGNORED
    assert publisher(world).answer(last(world)).what == RELEASED
    assert world.versions() == [1]


def test_a_build_that_codebuild_does_not_know_is_ignored(world: World) -> None:
    begin(world)
    event = last(world)
    event["detail"]["build-id"] = event["detail"]["build-id"][:-4] + "0000"

    outcome = publisher(world).answer(event)

    assert (outcome.what, "does not know" in outcome.why) == (IGNORED, True)


def test_a_build_of_another_project_is_ignored_without_asking_anybody(world: World) -> None:
    begin(world)
    event = last(world)
    before = len(world.aws.calls())

    other = replace(publisher(world), app=WorldApp("other"))

    assert other.answer(event).what == IGNORED
    assert other.answer({"nonsense": True}).what == IGNORED
    assert len(world.aws.calls()) == before


def test_a_build_that_someone_started_by_hand_is_of_no_layer(world: World) -> None:
    codebuild = world.aws.client("codebuild")
    codebuild.start_build(projectName=world.name)
    wait_until(lambda: world.builds()[-1]["buildStatus"] != "IN_PROGRESS")

    outcome = publisher(world).answer(last(world))

    assert (outcome.what, "is of no layer" in outcome.why) == (IGNORED, True)
    assert world.keys() == []


def test_a_layer_that_was_retired_meanwhile_stays_away(world: World) -> None:
    begin(world)
    event = last(world)
    for key in world.keys("web/"):
        world.delete(key)

    assert publisher(world).answer(event).what == IGNORED
    assert (world.versions(), world.keys("web/")) == ([], [])


def test_an_event_that_is_earlier_than_codebuild_is_for_another_call(world: World) -> None:
    world.behave("wait", str(world.root / "go"))
    layer = world.layer()
    advance(layer, order_of(layer), clock=quick())

    with pytest.raises(AwsError, match="EventBridge says that build"):
        publisher(world).answer(last(world))

    (world.root / "go").touch()


# Others who do the same


def test_whoever_died_before_it_noted_its_build_is_helped(world: World) -> None:
    die(world, 5)  # the build is started, and its id not noted
    wait_until(lambda: world.builds()[-1]["buildStatus"] == "SUCCEEDED")

    assert publisher(world).answer(last(world)).what == RELEASED
    assert (len(world.builds()), world.versions()) == (1, [1])


def test_a_failed_build_of_a_caller_who_died_is_recorded_and_not_started_again(
    world: World,
) -> None:
    world.behave("fail")
    die(world, 5)
    wait_until(lambda: world.builds()[-1]["buildStatus"] == "FAILED")

    assert publisher(world).answer(last(world)).what == FAILED
    assert len(world.builds()) == 1
    assert plan(world.layer(), waits=False).status == "failed"


def test_an_attempt_that_took_over_the_build_is_the_one_that_is_released(world: World) -> None:
    """A sync apply has joined the build of an async one, under a new number, and died."""
    go = world.root / "go"
    world.behave("wait", str(go))
    first = order_of(world.layer())
    advance(world.layer(), first, clock=quick())
    second = order_of(world.layer())
    assert second.token.number == 2
    advance(world.layer(), second, clock=quick())
    go.touch()
    wait_until(lambda: world.builds()[-1]["buildStatus"] == "SUCCEEDED")

    assert publisher(world).answer(last(world)).what == RELEASED
    current = record(world).current
    assert current is not None
    assert current.token == second.token
    assert len(world.builds()) == 1


def test_publisher_hook_and_a_person_together_publish_one_version(world: World) -> None:
    order = begin(world)
    event = last(world)

    def by_hand() -> str:
        return ensure(world.layer(), order, clock=quick()).layer_arn

    with ThreadPoolExecutor(6) as pool:
        people = [pool.submit(by_hand) for _ in range(3)]
        events = [pool.submit(publisher(world).answer, event) for _ in range(3)]
    arns = {person.result(PATIENCE) for person in people}
    outcomes = {done.result(PATIENCE).what for done in events}

    assert len(arns) == 1
    assert outcomes <= {RELEASED, IGNORED}
    assert world.versions() == [1]
    assert record(world).attempt is None


@pytest.mark.parametrize("writes", [0, 1, 2, 3, 4])
def test_a_publisher_that_is_killed_is_continued_by_its_next_call(
    world: World, writes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.builder.conftest import DoomedSession

    begin(world)
    doomed = replace(publisher(world), session=DoomedSession(writes))
    try:
        doomed.answer(last(world))
    except Killed:
        monkeypatch.setattr("builder.release.publish.LEASE_SECONDS", 0.0)
        wait_until(lambda: not leased(world))
    publisher(world).answer(last(world))

    assert world.versions() == [1]
    assert plan(world.layer(), waits=False).status == "current"


def leased(world: World) -> bool:
    """Whether a dead one's lease still holds; it is made to end now."""
    world.layer().records.change(lambda record: replace(record, lease=None))
    return False


# Which attempt goes on from a build

FINGERPRINT = "a" * 64


def open_attempt(**fields: Any) -> Record:
    attempt = Attempt(3, FINGERPRINT, "why", "2026-01-01T00:00:00Z", **fields)
    return Record("web", consumed=3, attempt=attempt)


@pytest.mark.parametrize(
    ("record", "fits"),
    [
        (None, False),
        (Record("web"), False),
        (open_attempt(build_id="p:1"), True),
        (open_attempt(build_id="p:2"), False),
        (open_attempt(build_id="p:1", failure="it failed"), False),
        (open_attempt(), True),
        (open_attempt(since=2), True),
        (open_attempt(since=3), False),
    ],
)
def test_an_attempt_goes_on_from_its_own_build(record: Record | None, fits: bool) -> None:
    found = waiting_for(record, state_of("p:1"), Token(FINGERPRINT, 2))
    assert (found is not None) is fits


def test_an_attempt_does_not_go_on_from_a_build_of_other_sources() -> None:
    assert waiting_for(open_attempt(), state_of("p:1"), Token("b" * 64, 3)) is None


def test_an_attempt_goes_on_from_the_build_of_each_of_its_runtimes() -> None:
    record = open_attempt(builds={"python3.12": "p:1"})
    token = Token(FINGERPRINT, 3)
    assert waiting_for(record, state_of("p:1"), token, "python3.12")
    assert not waiting_for(record, state_of("p:2"), token, "python3.12")
    assert waiting_for(record, state_of("p:2"), token, "python3.13")


def test_an_attempt_goes_on_from_its_own_push_and_from_none_of_an_earlier_number() -> None:
    known, unknown = open_attempt(push="p:1"), open_attempt(build_id="p:1")
    token, earlier = Token(FINGERPRINT, 3), Token(FINGERPRINT, 2)

    assert waiting_for(known, state_of("p:1"), earlier, PUSH)
    assert not waiting_for(known, state_of("p:2"), token, PUSH)
    assert waiting_for(unknown, state_of("p:2"), token, PUSH)
    assert not waiting_for(unknown, state_of("p:2"), earlier, PUSH)


def state_of(build_id: str) -> BuildState:
    return BuildState(
        id=build_id, status="SUCCEEDED", phase="COMPLETED", log_group="", log_stream="",
        variables={}, failure="", started=datetime.now(UTC), seconds=1, limit_seconds=60,
    )  # fmt: skip
