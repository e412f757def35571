"""The publisher's handler in this process, on the real embedded AWS."""

import pytest

from builder.errors import LayerError, RecordError, SpecError
from builder.protocol.statuses import BUILDING, FAILED, IGNORED, RELEASED
from builder.protocol.variables import APP_VARIABLE
from builder.publisher import function as module
from builder.publisher.function import EventOutcome, handler
from builder.release.plan import plan
from builder.release.release import advance
from tests.builder.conftest import World, order_of, quick
from tests.builder.fleet import function_of, layers_of, version_of
from tests.builder.publishing import WorldApp, begin, ended, last, publisher, record
from tests.builder.topics import read, topic_of
from tests.patience import wait_until

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
    with world.held():
        assert advance(layer, order, clock=quick()) is None
    wait_until(lambda: [b["buildStatus"] for b in world.builds()] == ["SUCCEEDED"] * 2)
    one, two = map(ended, world.builds())

    with world.held():  # or the merge may end before the second answer, which then releases it
        assert publisher(world).answer(one).what == BUILDING
        assert publisher(world).answer(two).what == BUILDING
    wait_until(lambda: world.builds()[-1]["buildStatus"] == "SUCCEEDED")
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


def test_a_failed_build_is_sent_to_the_topic_once(world: World) -> None:
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
    assert "the topic was not notified" in caplog.text
    attempt = record(world).attempt
    assert attempt is not None
    assert attempt.failure


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


def test_an_error_is_reported_whole_in_the_functions_log_before_lambda_tries_again(
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

    assert publisher(world).answer(last(world)) == EventOutcome(
        BUILDING, "other builds of it still run", "web"
    )
