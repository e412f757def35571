"""The publisher's handler in this process, on the real embedded AWS."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from builder import publisher as module
from builder.aws.codebuild import BuildState
from builder.errors import AwsError, LayerError, RecordError, SpecError
from builder.layer import Layer
from builder.plan import plan
from builder.publisher import (
    APP_VARIABLE,
    BUILDING,
    FAILED,
    IGNORED,
    RELEASED,
    Outcome,
    Publisher,
    handler,
    waiting_for,
)
from builder.record import Attempt, Record, Token
from builder.release import Order, advance, ensure
from builder.spec import AppSpec
from tests.builder.conftest import Killed, World, die, order_of, quick, wait_for
from tests.builder.fleet import function_of, layers_of, version_of


@dataclass(frozen=True)
class WorldApp(AppSpec):
    """An application whose names are those of the tests' World."""

    @property
    def project(self) -> str:
        return self.name

    def bucket(self, account: str, region: str) -> str:
        return self.name

    def build_role(self, layer: str, region: str) -> str:
        return self.name


def publisher(world: World, notify: str = "") -> Publisher:
    return Publisher(WorldApp(world.name), world.session, notify, quick())


def ended(build: dict[str, Any]) -> dict[str, Any]:
    """Return the event that a build has ended."""
    return {
        "source": "aws.codebuild",
        "detail-type": "CodeBuild Build State Change",
        "detail": {
            "project-name": build["projectName"],
            "build-id": build["arn"],
            "build-status": build["buildStatus"].replace("IN_PROGRESS", "SUCCEEDED"),
        },
    }


def begin(world: World, layer: Layer | None = None, *, force: bool = False) -> Order:
    """Start a build and leave it, as an apply in async mode does; return once it has ended."""
    layer = layer or world.layer()
    order = order_of(layer, force=force)
    before = len(world.builds())
    assert advance(layer, order, clock=quick()) is None
    wait_for(lambda: len(world.builds()) > before)
    wait_for(lambda: world.builds()[-1]["buildStatus"] != "IN_PROGRESS")
    return order


def last(world: World) -> dict[str, Any]:
    return ended(world.builds()[-1])


def record(world: World) -> Record:
    found = world.layer().records.load()
    assert found is not None
    return found


# A build that succeeded


def test_a_build_that_has_ended_is_released_without_its_sources(world: World) -> None:
    order = begin(world)
    for file in sorted(world.root.rglob("*"), reverse=True):
        if file.is_file():
            file.unlink()

    outcome = publisher(world).answer(last(world))

    assert (outcome.what, outcome.layer) == (RELEASED, "web")
    current = record(world).current
    assert current is not None
    assert (outcome.why, current.token) == (current.layer_arn, order.token)
    assert (current.reason, record(world).attempt) == (order.reason, None)
    assert (len(world.builds()), world.versions()) == (1, [1])


def test_functions_are_moved_as_the_one_who_started_the_build_wanted(world: World) -> None:
    name = function_of(world, "f")
    begin(world, world.layer(functions=(name,)))

    outcome = publisher(world).answer(last(world))

    assert layers_of(world, name) == [outcome.why]


def test_functions_that_cannot_be_moved_are_tried_again_when_lambda_calls_again(
    world: World,
) -> None:
    begin(world, world.layer(functions=(f"{world.name}-late",)))
    with pytest.raises(LayerError, match="1 of 1 function was not moved"):
        publisher(world).answer(last(world))
    assert world.versions() == [1]

    name = function_of(world, "late")
    assert publisher(world).answer(last(world)).what == RELEASED
    assert version_of(world, name) == 1
    assert publisher(world).answer(last(world)).what == IGNORED
    assert world.versions() == [1]


def test_parts_for_several_runtimes_are_merged_and_released_when_the_last_has_ended(
    world: World,
) -> None:
    layer = world.layer(python=("3.12", "3.13"))
    order = order_of(layer)
    assert advance(layer, order, clock=quick()) is None
    wait_for(lambda: [b["buildStatus"] for b in world.builds()] == ["SUCCEEDED"] * 2)
    one, two = map(ended, world.builds())

    assert publisher(world).answer(one).what == BUILDING
    assert publisher(world).answer(two).what == BUILDING
    wait_for(lambda: world.builds()[-1]["buildStatus"] == "SUCCEEDED")
    assert len(world.builds()) == 3

    assert publisher(world).answer(last(world)).what == RELEASED
    current = record(world).current
    assert current is not None
    assert (current.token, set(current.builds)) == (order.token, {"python3.12", "python3.13"})
    for event in (one, two, last(world)):
        assert publisher(world).answer(event).what == IGNORED
    assert (len(world.builds()), world.versions()) == (3, [1])


def test_a_forced_rebuild_publishes_a_version_of_its_own(world: World) -> None:
    world.release()
    order = begin(world, force=True)

    assert publisher(world).answer(last(world)).what == RELEASED

    current = record(world).current
    assert current is not None
    assert (current.version, current.token) == (2, order.token)
    assert world.versions() == [1, 2]


# A build that did not


def test_a_failed_build_is_recorded_with_its_cause_and_shown_by_the_next_plan(world: World) -> None:
    world.behave("fail")
    begin(world)

    outcome = publisher(world).answer(last(world))

    assert (outcome.what, outcome.layer) == (FAILED, "web")
    attempt = record(world).attempt
    assert attempt is not None
    assert "BUILD: " in attempt.failure
    planned = plan(world.layer(), waits=False)
    assert (planned.status, planned.token.number) == ("failed", 2)
    assert "BUILD: " in planned.reason


def test_a_failed_build_is_told_to_the_topic_once(world: World) -> None:
    topic, queue = topic_of(world)
    world.behave("fail")
    begin(world)

    for _ in range(3):
        publisher(world, topic).answer(last(world))

    messages = read(world, queue)
    assert len(messages) == 1
    assert messages[0]["Subject"] == f"Layer {world.name}-web: build 1 failed"
    assert "no such package: unobtainium" in messages[0]["Message"]
    assert "lambda-layer logs web" in messages[0]["Message"]


def test_a_topic_that_is_gone_does_not_hide_the_failure(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.behave("fail")
    begin(world)
    gone = f"arn:aws:sns:eu-central-1:123456789012:{world.name}-gone"

    assert publisher(world, gone).answer(last(world)).what == FAILED
    assert "nobody was told" in caplog.text
    attempt = record(world).attempt
    assert attempt is not None
    assert attempt.failure


def topic_of(world: World) -> tuple[str, str]:
    """Make a topic and a queue that listens to it."""
    sns, sqs = world.aws.client("sns"), world.aws.client("sqs")
    topic = sns.create_topic(Name=world.name)["TopicArn"]
    arn = f"arn:aws:sqs:eu-central-1:123456789012:{world.name}"
    allowed = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    queue = sqs.create_queue(QueueName=world.name, Attributes={"Policy": policy})["QueueUrl"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    return topic, queue


def read(world: World, queue: str) -> list[dict[str, Any]]:
    sqs = world.aws.client("sqs")
    answer = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=1)
    return [json.loads(message["Body"]) for message in answer.get("Messages", [])]


def test_a_stopped_build_is_a_failed_one(world: World) -> None:
    world.behave("wait", str(world.root / "never"))
    layer = world.layer()
    advance(layer, order_of(layer), clock=quick())
    build = world.builds()[-1]
    world.aws.client("codebuild").stop_build(id=build["id"])

    assert publisher(world).answer(last(world)).what == FAILED


def test_a_build_that_left_nothing_is_a_failed_one(world: World) -> None:
    world.behave("nothing")
    begin(world)

    outcome = publisher(world).answer(last(world))

    assert outcome.what == FAILED
    assert "left no artifact" in outcome.why
    assert len(world.builds()) == 1


# Events that nobody needs


def test_an_event_that_comes_again_does_nothing(world: World) -> None:
    begin(world)
    event = last(world)
    publisher(world).answer(event)
    before = record(world)

    again = publisher(world).answer(event)

    assert (again.what, again.why) == (IGNORED, f"nobody waits for build {before.current.build_id}")  # type: ignore[union-attr]
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


def test_a_build_that_somebody_started_by_hand_is_of_no_layer(world: World) -> None:
    codebuild = world.aws.client("codebuild")
    codebuild.start_build(projectName=world.name)
    wait_for(lambda: world.builds()[-1]["buildStatus"] != "IN_PROGRESS")

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
    wait_for(lambda: world.builds()[-1]["buildStatus"] == "SUCCEEDED")

    assert publisher(world).answer(last(world)).what == RELEASED
    assert (len(world.builds()), world.versions()) == (1, [1])


def test_a_failed_build_of_somebody_who_died_is_recorded_and_not_started_again(
    world: World,
) -> None:
    world.behave("fail")
    die(world, 5)
    wait_for(lambda: world.builds()[-1]["buildStatus"] == "FAILED")

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
    wait_for(lambda: world.builds()[-1]["buildStatus"] == "SUCCEEDED")

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
    arns = {person.result() for person in people}
    outcomes = {done.result().what for done in events}

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
        monkeypatch.setattr("builder.publish.LEASE_SECONDS", 0.0)
        wait_for(lambda: not leased(world))
    publisher(world).answer(last(world))

    assert world.versions() == [1]
    assert plan(world.layer(), waits=False).status == "current"


def leased(world: World) -> bool:
    """Whether a dead one's lease still holds; it is made to end now."""
    world.layer().records.change(lambda record: replace(record, lease=None))
    return False


# The entry point


def test_the_handler_answers_json_and_says_what_it_did(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv(APP_VARIABLE, world.name)
    monkeypatch.setattr(module, "AppSpec", WorldApp)
    begin(world)

    answer = handler(last(world), None)

    assert (answer["outcome"], answer["layer"]) == (RELEASED, "web")
    assert answer["why"].endswith("-web:1")
    assert "released: web arn:" in caplog.text


def test_an_error_is_told_whole_in_the_functions_log_before_lambda_tries_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delenv(APP_VARIABLE, raising=False)
    with pytest.raises(SpecError):
        handler({}, None)
    assert "fix:      apply the stack again" in caplog.text


def test_a_build_whose_description_is_gone_is_an_error_that_says_so(world: World) -> None:
    begin(world)
    world.delete(f"web/requests/{world.layer().fingerprint}.json")

    with pytest.raises(RecordError, match="was to be built of is not known") as caught:
        publisher(world).answer(last(world))
    assert "lambda-layer build web" in caught.value.fix


def test_a_layer_of_several_builds_waits_for_the_others(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(world)
    monkeypatch.setattr(module, "advance", lambda *_a, **_k: None)

    assert publisher(world).answer(last(world)) == Outcome(
        BUILDING, "other builds of it still run", "web"
    )


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
    assert waiting_for(record, state_of("p:1", LAYER_TARGET="python3.12"), token)
    assert not waiting_for(record, state_of("p:2", LAYER_TARGET="python3.12"), token)
    assert waiting_for(record, state_of("p:2", LAYER_TARGET="python3.13"), token)


def state_of(build_id: str, **variables: str) -> BuildState:
    return BuildState(
        id=build_id, status="SUCCEEDED", phase="COMPLETED", log_group="", log_stream="",
        variables=variables, failure="", started=datetime.now(UTC), seconds=1, limit_seconds=60,
    )  # fmt: skip
