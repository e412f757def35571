"""A change is tried on the record as it was last seen, and is never lost or wrong for that."""

from dataclasses import replace

import pytest

from builder.aws.store import StoredObject
from builder.errors import AwsError, LayerRetired, PlanOutdated
from builder.layer.record import Record
from builder.layer.records import Records
from tests.builder.conftest import World
from tests.builder.remembered import attempt_of


def one_more(record: Record) -> Record:
    return replace(record, consumed=record.consumed + 1)


def counted(world: World, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return where the names of what is asked of the bucket from now on are put."""
    asked: list[str] = []
    store = world.services.store
    read, write = store.read, store.replace

    def reading(key: str) -> StoredObject | None:
        asked.append("read")
        return read(key)

    def writing(key: str, content: bytes, content_type: str, *, etag: str | None) -> StoredObject:
        asked.append("write")
        return write(key, content, content_type, etag=etag)

    monkeypatch.setattr(store, "read", reading)
    monkeypatch.setattr(store, "replace", writing)
    return asked


def test_one_change_after_another_reads_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = counted(world, monkeypatch)
    records = Records(world.services.store, "web")

    for _ in range(3):
        records.change(one_more)

    assert asked == ["read", "write", "write", "write"]
    assert records.load_or_new().consumed == 3


def test_a_change_after_a_look_does_not_look_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    Records(world.services.store, "web").change(one_more)
    asked = counted(world, monkeypatch)
    records = Records(world.services.store, "web")

    records.load()
    records.change(one_more)

    assert asked == ["read", "write"]
    assert records.load_or_new().consumed == 2


def test_what_another_wrote_since_is_what_is_changed(world: World) -> None:
    records, other = (Records(world.services.store, "web") for _ in range(2))
    records.change(one_more)
    other.change(lambda record: replace(record, consumed=7))

    assert records.change(one_more).consumed == 8
    assert other.load_or_new().consumed == 8


def test_a_change_that_was_nothing_on_what_is_old_is_made(world: World) -> None:
    records, other = (Records(world.services.store, "web") for _ in range(2))
    records.change(lambda record: replace(record, consumed=2))
    other.change(lambda record: replace(record, consumed=3))

    records.change(lambda record: replace(record, consumed=2))

    assert other.load_or_new().consumed == 2


def test_what_is_refused_because_it_is_old_is_tried_on_what_is_there(world: World) -> None:
    records, other = (Records(world.services.store, "web") for _ in range(2))
    records.change(lambda record: replace(record, consumed=1))
    other.change(lambda record: replace(record, consumed=5))

    def only_from_five(record: Record) -> Record:
        if record.consumed != 5:
            raise PlanOutdated("it is not 5", where="here", expected="5", fix="none")
        return one_more(record)

    assert records.change(only_from_five).consumed == 6
    with pytest.raises(PlanOutdated, match="it is not 5"):
        records.change(only_from_five)


def test_a_write_without_an_answer_is_looked_for(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = Records(world.services.store, "web")
    records.change(one_more)
    write = world.services.store.replace

    def lost(key: str, content: bytes, content_type: str, *, etag: str | None) -> StoredObject:
        write(key, content, content_type, etag=etag)
        raise AwsError("the answer was lost")

    with monkeypatch.context() as patch:
        patch.setattr(world.services.store, "replace", lost)
        with pytest.raises(AwsError, match="lost"):
            records.change(one_more)
    asked = counted(world, monkeypatch)

    assert records.change(one_more).consumed == 3
    assert asked == ["read", "write"]


def test_a_layer_that_was_retired_since_is_not_written_anew(world: World) -> None:
    records = Records(world.services.store, "web")
    attempt = attempt_of(1)
    records.change(lambda record: record.begun(attempt))
    world.delete("web/record.json")

    with records.held(attempt.token), pytest.raises(LayerRetired):
        records.change(one_more)

    assert world.keys() == []
