import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from builder.aws.store import Store
from builder.documents import plain
from builder.errors import ConflictError, LayerError, RecordError
from builder.layer.record import Record
from builder.layer.records import Records
from tests.builder.conftest import World
from tests.builder.remembered import attempt_of, release_of


def test_a_layer_without_a_record_has_none(world: World) -> None:
    records = Records(world.services.store, "web")

    assert records.load() is None
    assert records.load_or_new() == Record("web")


def test_a_bucket_that_is_not_there_has_no_record(world: World) -> None:
    assert Records(Store(world.session, f"{world.name}-gone"), "web").load() is None


def test_what_is_changed_is_there_for_everybody(world: World) -> None:
    Records(world.services.store, "web").change(lambda record: record.begun(attempt_of(1)))

    assert Records(world.services.store, "web").load() == Record("web").begun(attempt_of(1))
    assert Records(world.services.store, "other").load() is None


def test_what_has_changed_is_said_to_whoever_debugs(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("DEBUG", "builder"):
        Records(world.services.store, "web").change(lambda record: record.begun(attempt_of(1)))

    (line,) = (text for text in caplog.messages if text.startswith("record of web: "))
    assert "consumed: 0 -> 1; " in line
    assert line.endswith("; 0 -> 0 releases")


def test_keys_of_a_newer_version_are_still_there_after_our_change(world: World) -> None:
    release = {**plain(release_of(1)), "signed_by": "alice"}
    known = plain(Record("web", current=release_of(1)))
    newer = {**known, "current": release, "schema": 1, "quota": {"builds": 3}}
    world.put("web/record.json", json.dumps(newer).encode())

    Records(world.services.store, "web").change(lambda record: record.begun(attempt_of(2)))

    written = json.loads(world.read("web/record.json"))
    assert (written["quota"], written["current"]) == ({"builds": 3}, release)
    assert (written["consumed"], written["schema"]) == (2, 1)


def test_a_record_of_a_newer_schema_is_left_as_it_is(world: World) -> None:
    newer = json.dumps({"schema": 2, "releases": {}}).encode()
    world.put("web/record.json", newer)

    with pytest.raises(RecordError, match="written by a newer version"):
        Records(world.services.store, "web").change(lambda record: record.begun(attempt_of(2)))

    assert world.read("web/record.json") == newer


def test_a_change_that_changes_nothing_writes_nothing(world: World) -> None:
    records = Records(world.services.store, "web")

    assert records.change(lambda record: record) == Record("web")
    assert world.keys() == []


def test_of_many_changes_at_once_none_is_lost(world: World) -> None:
    records = Records(world.services.store, "web")

    def add(number: int) -> None:
        records.change(lambda record: replace(record, consumed=record.consumed + 1))

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(add, range(24)))

    found = records.load()
    assert found is not None
    assert found.consumed == 24


def test_a_change_that_comes_too_late_is_made_again_on_what_is_there(world: World) -> None:
    records = Records(world.services.store, "web", sleep=lambda _seconds: None)
    other = Records(world.services.store, "web")
    seen = []

    def change(record: Record) -> Record:
        seen.append(record.consumed)
        if len(seen) == 1:
            other.change(lambda theirs: replace(theirs, consumed=7))
        return replace(record, consumed=record.consumed + 1)

    assert records.change(change).consumed == 8
    assert seen == [0, 7]


def test_who_is_always_too_late_gives_up_with_the_fix(world: World) -> None:
    other = Records(world.services.store, "web")
    pauses: list[float] = []

    def change(record: Record) -> Record:
        other.change(lambda theirs: replace(theirs, consumed=theirs.consumed + 1))
        return replace(record, layer="mine")

    with pytest.raises(ConflictError, match="changed by others") as caught:
        Records(world.services.store, "web", sleep=pauses.append).change(change)

    assert f"s3://{world.name}/web/record.json" in caught.value.where
    assert max(pauses) <= 2


def test_a_record_deleted_while_it_is_changed_is_written_anew(world: World) -> None:
    records = Records(world.services.store, "web", sleep=lambda _seconds: None)
    records.change(lambda record: replace(record, consumed=5))
    seen = []

    def change(record: Record) -> Record:
        seen.append(record.consumed)
        if len(seen) == 1:
            world.delete("web/record.json")
        return replace(record, consumed=record.consumed + 1)

    assert records.change(change).consumed == 1
    assert seen == [5, 0]


def test_a_record_that_is_no_record_is_not_overwritten(world: World) -> None:
    world.put("web/record.json", b"\xff not a record")

    with pytest.raises(LayerError, match="cannot be read"):
        Records(world.services.store, "web").change(lambda record: replace(record, consumed=1))

    assert world.read("web/record.json") == b"\xff not a record"


@pytest.mark.parametrize(
    "other",
    [
        "arn:aws:lambda:eu-central-1:123456789012:layer:other:1",
        "arn:aws:lambda:eu-central-1:999999999999:layer:{name}-web:1",
        "arn:aws:lambda:us-east-1:123456789012:layer:{name}-web:1",
        "arn:aws:lambda:eu-central-1:123456789012:layer:{name}-web:2",
    ],
)
def test_a_record_that_names_a_version_of_another_layer_is_refused(
    world: World, other: str
) -> None:
    layer = world.layer()
    forged = replace(release_of(1), version=1, layer_arn=other.format(name=world.name))
    record = Record("web", current=forged)
    world.put(layer.keys.record, record.to_json().encode())

    with pytest.raises(RecordError, match="names a version of another layer"):
        layer.records.load()


def test_who_changed_the_name_in_lambda_reads_how_to_go_back_and_how_to_go_on(world: World) -> None:
    layer = world.layer()
    before = layer.site.layer_arn
    now = before.replace(f"{world.name}-web", "Other_Deps")
    release = replace(release_of(1), version=1, layer_arn=f"{before}:1")
    world.put(layer.keys.record, Record("web", current=release).to_json().encode())

    with pytest.raises(RecordError) as caught:
        Records(world.services.store, "web", layer_arn=now).load()
    assert caught.value.fix.startswith(
        f"if layer_name was changed, change it back, so that the layer is '{world.name}-web' again"
    )
    assert "to go on as 'Other_Deps': lambda-layer retire web deletes" in caught.value.fix
