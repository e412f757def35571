from dataclasses import replace
from datetime import timedelta

import pytest

from builder.aws.functions import Use
from builder.builds.attempt_state import NOT_RELEASED
from builder.layer.record import Pin, Record
from builder.operations.status import Status, beside_each_other, status_of
from tests.builder.conftest import World, spec_of
from tests.builder.operations.test_rollback import function_of
from tests.builder.remembered import attempt_of, release_of
from tests.builder.report.samples import LAYER

PIN = Pin(release_of(1), "alice", "2026-01-01T00:00:00Z")


@pytest.mark.parametrize(
    ("record", "word"),
    [
        (Record("web"), "missing"),
        (Record("web", current=release_of(1)), "published"),
        (Record("web", current=release_of(1), attempt=attempt_of(2)), "building"),
        (Record("web", attempt=attempt_of(2, failure="no")), "failed"),
        (Record("web", attempt=attempt_of(2, build_id="web:gone")), "failed"),
        (Record("web", current=release_of(2), pinned=PIN), "pinned"),
        (Record("web", current=release_of(2), pinned=PIN, attempt=attempt_of(3)), "building"),
    ],
)
def test_a_layer_is_in_a_state_that_has_a_word(record: Record, word: str) -> None:
    assert Status(LAYER, record).word == word


def test_functions_on_another_version_than_the_wanted_one_are_old() -> None:
    one, two = (Use("api", "$LATEST", release_of(n).layer_arn) for n in (1, 2))
    current = Status(LAYER, Record("web", current=release_of(2)))
    pinned = Status(LAYER, Record("web", current=release_of(2), pinned=PIN))

    assert (current.is_old(one), current.is_old(two)) == (True, False)
    assert (pinned.is_old(one), pinned.is_old(two)) == (False, True)
    assert not Status(LAYER, Record("web")).is_old(one)


def test_functions_that_should_use_the_layer_and_do_not_are_named() -> None:
    arn = "arn:aws:lambda:eu-west-1:123456789012:function:jobs"
    spec = spec_of(functions=("api", "mail:$LATEST", arn))
    uses = (Use("api", "$LATEST", release_of(1).layer_arn),)

    found = Status(replace(LAYER, spec=spec), Record("web"), uses=uses)
    assert found.idle == ("mail", arn)


def test_a_build_that_failed_unseen_is_reported(world: World) -> None:
    release = world.release()
    state = world.services.codebuild.state(release.build_id)
    assert state is not None
    failed = replace(state, status="FAILED", failure="BUILD: exit 1")
    record = Record("web", attempt=attempt_of(2, build_id=state.id))

    found = Status(LAYER, record, (failed,))
    assert (found.word, found.failure) == ("failed", "BUILD: exit 1")


def test_what_is_built_is_being_published_until_that_takes_too_long(world: World) -> None:
    release = world.release()
    state = world.services.codebuild.state(release.build_id)
    assert state is not None
    record = Record("web", attempt=attempt_of(2, build_id=state.id))
    long_ago = replace(state, started=state.started - timedelta(hours=1))

    assert Status(LAYER, record, (state,)).word == "publishing"
    found = Status(LAYER, record, (long_ago,))
    assert (found.word, found.failure) == ("failed", NOT_RELEASED)


def test_functions_are_seen_on_which_version(world: World) -> None:
    first = world.release()
    world.edit()
    second = world.release()
    function_of(world, first)

    found = status_of(world.layer())
    (use,) = found.uses
    assert (str(use), use.version, found.is_old(use)) == (world.name, 1, True)
    assert found.wanted == second


def test_who_may_not_list_functions_sees_the_rest(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = world.release()
    world.become(monkeypatch, "s3:*", "codebuild:*")

    found = status_of(world.layer())
    assert found.wanted == release
    assert "lambda:ListFunctions" in found.unseen


def test_layers_for_one_function_are_judged_as_a_plan_judges_them(world: World) -> None:
    """With the releases that functions should be on, a pinned one among them."""
    data = world.layer("data", functions=("api",))
    large = replace(release_of(1), layer_arn=data.site.layer_arn + ":1", unzipped_size=200_000_000)
    newer = replace(large, layer_arn=data.site.layer_arn + ":2", number=2, version=2)
    data.records.change(
        lambda record: replace(
            record,
            current=replace(newer, unzipped_size=1),
            pinned=Pin(large, "alice", "2026-01-01T00:00:00Z"),
        )
    )
    web = world.layer("web", functions=("api", "jobs"))
    current = replace(release_of(1), unzipped_size=100_000_000)
    found = Status(web, Record("web", current=current))

    (with_data,) = beside_each_other([found], [data])
    assert with_data.together is not None
    assert (with_data.together.function, with_data.together.size) == ("api", 300_000_000)
    assert not with_data.together.fits
    (alone,) = beside_each_other([found], [])
    assert alone.together is None
