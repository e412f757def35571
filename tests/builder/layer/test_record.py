import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from builder.aws.store import Store
from builder.errors import ConflictError, LayerError
from builder.layer.attempt import Attempt
from builder.layer.handover import Handover
from builder.layer.record import KEPT_RELEASES, Lease, Pin, Record, Release
from builder.layer.records import Records
from builder.layer.token import Token
from tests.builder.conftest import World

A, B = "a" * 64, "b" * 64


def release_of(number: int, fingerprint: str = A, version: int | None = None) -> Release:
    version = version or number
    return Release(
        number=number,
        fingerprint=fingerprint,
        layer_arn=f"arn:aws:lambda:eu-west-1:123456789012:layer:web:{version}",
        version=version,
        code_sha256="sha",
        unzipped_size=2,
        zipped_size=1,
        packages=3,
        reason="first build",
        build_id="web:1",
        published_at="2026-01-01T00:00:00Z",
    )


def attempt_of(number: int, fingerprint: str = A, **fields: Any) -> Attempt:
    return Attempt(number, fingerprint, "a reason", "2026-01-01T00:00:00Z", **fields)


# Tokens


@pytest.mark.parametrize("text", [f"{A}#1", f"{A}#999999999", f" {A}#1\n"])
def test_a_token_is_read_as_it_was_written(text: str) -> None:
    assert str(Token.parse(text)) == text.strip()


@pytest.mark.parametrize(
    "text",
    ["", "invalid", A, f"{A}#", f"#{A}", f"{A[1:]}#1", f"{A.upper()}#1", f"{A}#-1", f"{A}#1x",
     f"{A}#1234567890", f"{A} #1", f"{A}#\u0661"],
)  # fmt: skip
def test_anything_else_is_no_token(text: str) -> None:
    assert Token.parse(text) is None


# What is remembered


def test_a_record_comes_back_from_json_as_it_was() -> None:
    record = Record(
        "web",
        consumed=3,
        handover=Handover(3, ("api", "*"), {"api": "no"}, {"old": 1}),
        current=release_of(2),
        attempt=attempt_of(3, B, build_id="web:3", failure="no", fresh=True, since=3),
        lease=Lease("me", 12.5),
        releases=(release_of(2), release_of(1)),
        pinned=Pin(release_of(1), "alice", "2026-01-01T00:00:00Z", "v2 is bad"),
    )

    assert Record.from_json(record.to_json(), "here") == record


def test_a_record_of_before_there_were_pins_can_be_read() -> None:
    document = json.loads(Record("web", current=release_of(1)).to_json())
    del document["pinned"]

    assert Record.from_json(json.dumps(document), "here").pinned is None


def test_a_release_while_the_layer_is_pinned_leaves_the_pin() -> None:
    pin = Pin(release_of(1), "alice", "2026-01-01T00:00:00Z")

    assert Record("web", pinned=pin).published(release_of(2)).pinned == pin


def test_the_builds_of_several_targets_come_back_from_json_too() -> None:
    record = Record(
        "web",
        current=replace(release_of(2), builds={"python3.12": "web:1"}),
        attempt=attempt_of(
            3,
            builds={"python3.12": "web:4"},
            failed=("python3.12", "python3.13"),
            distrust={"python3.12": 3, "": 3},
        ),
    )

    assert Record.from_json(record.to_json(), "here") == record


def test_a_record_of_before_layers_had_several_builds_can_be_read() -> None:
    record = Record("web", current=release_of(1), attempt=attempt_of(2), releases=(release_of(1),))
    document = json.loads(record.to_json())
    for release in (document["current"], *document["releases"]):
        del release["builds"]
    for key in ("builds", "failed", "distrust"):
        del document["attempt"][key]

    assert Record.from_json(json.dumps(document), "here") == record


def test_a_record_of_before_attempts_were_fresh_can_be_read() -> None:
    document = json.loads(Record("web", attempt=attempt_of(1)).to_json())
    del document["attempt"]["fresh"], document["attempt"]["since"]

    assert Record.from_json(json.dumps(document), "here").attempt == attempt_of(1)


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", "3", '"x"', "{}", '{"schema": 1}', '{"schema": 2}',
     json.dumps({**json.loads(Record("web").to_json()), "current": "x"}),
     json.dumps({**json.loads(Record("web").to_json()), "current": {"number": 1}}),
     json.dumps({**json.loads(Record("web").to_json()), "releases": None})],
)  # fmt: skip
def test_a_record_that_cannot_be_read_says_where_it_is_and_that_deleting_it_is_safe(
    text: str,
) -> None:
    with pytest.raises(LayerError, match="record") as caught:
        Record.from_json(text, "s3://bucket/web/record.json")

    assert caught.value.where == "s3://bucket/web/record.json"
    assert "delete the object" in caught.value.fix


def test_a_build_that_is_begun_consumes_its_number() -> None:
    record = Record("web", consumed=4).begun(attempt_of(5))

    assert (record.consumed, record.attempt) == (5, attempt_of(5))


def test_a_release_becomes_current_and_ends_its_attempt() -> None:
    record = Record("web").begun(attempt_of(1)).published(release_of(1))

    assert (record.current, record.attempt, record.consumed) == (release_of(1), None, 1)
    assert record.releases == (release_of(1),)


def test_a_newer_attempt_goes_on_while_an_older_release_is_published() -> None:
    record = Record("web").begun(attempt_of(2, B)).published(release_of(1))

    assert record.attempt == attempt_of(2, B)
    assert record.consumed == 2


def test_a_release_that_was_overtaken_does_not_become_current() -> None:
    record = Record("web").published(release_of(2, B)).published(release_of(1))

    assert record.current == release_of(2, B)
    assert record.releases == (release_of(1), release_of(2, B))


def test_publishing_leaves_the_lease_of_somebody_else_alone() -> None:
    lease = Lease("somebody else", 100.0)

    assert Record("web", lease=lease).published(release_of(1)).lease == lease


def test_a_version_that_is_adopted_again_is_listed_once() -> None:
    again = release_of(3, version=1)
    record = Record("web")
    for release in (release_of(1), release_of(2), again):
        record = record.published(release)

    assert record.releases == (again, release_of(2))


def test_a_record_stays_small() -> None:
    record = Record("web")
    for number in range(1, KEPT_RELEASES + 10):
        record = record.published(release_of(number))

    assert len(record.releases) == KEPT_RELEASES
    assert record.releases[0].number == KEPT_RELEASES + 9


# The next attempt


@pytest.mark.parametrize(
    ("last", "fresh", "build_id", "expected"),
    [
        (None, False, "", (False, 0)),
        (None, True, "", (True, 2)),
        (attempt_of(1, B, build_id="x"), False, "", (False, 0)),
        (attempt_of(1, B, build_id="x", failure="no"), False, "", (False, 0)),
        # A build that goes on is joined,
        (attempt_of(1, build_id="x"), False, "x", (False, 0)),
        # but not by who wants a new one, unless it is what they asked for before.
        (attempt_of(1, build_id="x"), True, "", (True, 2)),
        (attempt_of(1, build_id="x", fresh=True, since=1), True, "x", (True, 1)),
        (attempt_of(1, build_id="x", fresh=True, since=1), False, "x", (True, 1)),
        # A failed build is not joined, and what it left is not trusted.
        (attempt_of(1, build_id="x", failure="no"), False, "", (True, 0)),
        (attempt_of(1, build_id="x", failure="no"), True, "", (True, 2)),
        # A retry is no forced rebuild.
        (attempt_of(1, build_id="x", fresh=True), True, "", (True, 2)),
    ],
)
def test_the_next_attempt_goes_on_with_the_last_one_if_that_is_what_it_wants(
    last: Attempt | None, fresh: bool, build_id: str, expected: tuple[bool, int]
) -> None:
    attempt = Attempt.after(last, Token(A, 2), fresh=fresh, reason="why", started_at="now")

    assert (attempt.token, attempt.reason, attempt.failure) == (Token(A, 2), "why", "")
    assert attempt.build_id == build_id
    assert (attempt.fresh, attempt.since) == expected


RUN = {"python3.12": "x", "python3.13": "y"}


@pytest.mark.parametrize("fresh", [False, True])
def test_a_retry_keeps_the_builds_that_did_not_fail(fresh: bool) -> None:
    last = attempt_of(1, builds=RUN, failure="no", failed=("python3.13",), since=int(fresh))

    attempt = Attempt.after(last, Token(A, 2), fresh=fresh, reason="why", started_at="now")

    assert attempt.builds == {"python3.12": "x"}
    assert (attempt.failed, attempt.build_id) == ((), "")
    assert attempt.since == int(fresh)
    assert [attempt.since_of(name) for name in ("python3.12", "python3.13", "")] == [
        int(fresh), 2, 2,
    ]  # fmt: skip
    assert [attempt.distrusts(name) for name in ("python3.12", "python3.13", "")] == [
        fresh, True, True,
    ]  # fmt: skip


def test_what_failed_twice_is_distrusted_from_the_last_time_on() -> None:
    last = attempt_of(2, builds={"python3.12": "x"}, failure="no", failed=("python3.13",),
                      distrust={"python3.12": 2, "python3.13": 2, "": 2})  # fmt: skip

    attempt = Attempt.after(last, Token(A, 3), fresh=False, reason="why", started_at="now")

    assert attempt.distrust == {"python3.12": 2, "python3.13": 3, "": 3}


def test_who_forces_a_rebuild_after_a_failure_gets_everything_anew() -> None:
    last = attempt_of(1, builds=RUN, failure="no", failed=("python3.13",))

    attempt = Attempt.after(last, Token(A, 2), fresh=True, reason="why", started_at="now")

    assert (attempt.builds, attempt.since) == ({}, 2)


def test_an_attempt_that_goes_on_knows_its_builds() -> None:
    last = attempt_of(1, builds=RUN, build_id="m", distrust={"": 1})

    attempt = Attempt.after(last, Token(A, 2), fresh=False, reason="why", started_at="now")

    assert attempt.all_builds == {**RUN, "": "m"}
    assert attempt.distrust == {"": 1}


# In the bucket


def test_a_layer_without_a_record_has_none(world: World) -> None:
    assert Records(world.services.store, "web").load() is None


def test_a_bucket_that_is_not_there_has_no_record(world: World) -> None:
    assert Records(Store(world.session, f"{world.name}-gone"), "web").load() is None


def test_what_is_changed_is_there_for_everybody(world: World) -> None:
    Records(world.services.store, "web").change(lambda record: record.begun(attempt_of(1)))

    assert Records(world.services.store, "web").load() == Record("web").begun(attempt_of(1))
    assert Records(world.services.store, "other").load() is None


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


# Functions


def test_what_functions_are_owed_belongs_to_one_release() -> None:
    first = Record("web").published(release_of(1))
    assert first.owed(("api",)) == "the functions were not all moved to it yet"
    assert first.owed(()) == ""
    assert Record("web").owed(("api",)) == ""

    moved = first.handed_over(Handover(1, ("api",), behind={"old": 0}))
    assert moved.owed(("api",)) == ""
    assert "old (version 0)" in moved.left_behind()

    second = moved.published(release_of(2))
    assert second.owed(("api",)) != ""
    assert second.left_behind() == ""
    # The older release's moving ends late.
    assert second.handed_over(Handover(1, ("api",))) == second


def test_a_record_without_a_handover_is_one_of_an_older_version() -> None:
    record = Record("web").published(release_of(1))
    document = json.loads(record.to_json())
    del document["handover"]

    assert Record.from_json(json.dumps(document), "s3://b/web/record.json") == record
