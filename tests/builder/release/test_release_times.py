"""The times of a release's steps, in the soak's AWS in memory: its time passes on demand."""

from pathlib import Path

import pytest

from builder.errors import ConflictError
from builder.layer.record import Record
from builder.layer.steps import KEEP, MOVE, NOTICE, PUBLISH, RECORD, VERIFY
from builder.release.plan import plan
from builder.release.release import Order, ensure
from tests.builder.conftest import World
from tests.soak.fake import Aws
from tests.soak.machine import SITE, SPEC, SoakLayer
from tests.soak.stage import Actor, Stage


def test_the_steps_of_a_release_take_what_passes_by_the_clock_that_is_given() -> None:
    stage = Stage()
    aws = Aws(stage, build_seconds=20.0, publish_seconds=7.0)
    actor: Actor

    def work() -> object:
        layer = SoakLayer(
            SPEC, Path(), SITE, aws.services(lambda: actor), source="blue", actor=actor
        )
        planned = plan(layer)
        return ensure(layer, Order(planned.token, planned.reason), clock=actor.clock())

    actor = stage.add("a release", work)
    while stage.living:
        stage.due().step()
    assert actor.error is None, actor.error

    record = Record.from_json(aws.objects["web/record.json"].content.decode(), "here")
    assert record.current is not None
    assert record.steps is not None
    assert record.steps.number == record.current.number
    assert list(dict(record.steps.ordered)) == [NOTICE, VERIFY, PUBLISH, KEEP, RECORD, MOVE]
    seconds = record.steps.seconds
    assert 7.0 <= seconds[PUBLISH] < 12.0
    assert 0.0 < seconds[NOTICE] <= 3.0
    assert record.steps.total < stage.time - 20.0


def test_times_that_cannot_be_kept_fail_no_release(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_record: Record, _steps: object) -> Record:
        raise ConflictError("others write all the time", where="here", expected="", fix="")

    monkeypatch.setattr(Record, "timed", refuse)

    release = world.release()

    record = world.layer().records.load()
    assert record is not None
    assert (record.current, record.steps) == (release, None)
