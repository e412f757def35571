from __future__ import annotations

import dataclasses
import json

import pytest

from hybrid_service.errors import ServiceError
from hybrid_service.state import CLAIMED, RUNNING, STOPPED, Seen, Snapshot, State

SNAPSHOT = Snapshot("snapshots/00000001-000001.tar.gz", "v", 10, "0" * 64, 5.0)


def test_a_state_is_read_as_it_was_written() -> None:
    state = State(generation=3, phase=RUNNING, lease=30, snapshots=(SNAPSHOT,), starts=(1.0, 2.0))
    assert State.from_json(state.to_json(), "here") == state


def test_a_newer_version_may_say_more() -> None:
    document = {**json.loads(State(generation=3).to_json()), "colour": "red"}
    assert State.from_json(json.dumps(document).encode(), "here").generation == 3


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"null",
        b'{"generation": "3"}',
        b'{"phase": "asleep"}',
        b'{"lease": null}',
        b'{"snapshots": [{}]}',
        b'{"snapshots": 3}',
        b'{"starts": ["soon"]}',
    ],
)
def test_what_is_no_state_is_one_error_that_names_the_object(content: bytes) -> None:
    with pytest.raises(ServiceError, match="cannot be read") as caught:
        State.from_json(content, "s3://bucket/state.json")
    assert "s3://bucket/state.json" in caught.value.where


def test_every_write_is_told_from_all_others() -> None:
    state = State()
    assert state.changed().nonce != state.nonce


@pytest.mark.parametrize(
    ("phase", "age", "held"),
    [(RUNNING, 0, True), (RUNNING, 31, True), (RUNNING, 33, False), (STOPPED, 0, False)],
)
def test_a_lease_holds_for_its_seconds_and_the_margin_of_the_clock(
    phase: str, age: float, held: bool
) -> None:
    assert Seen(State(phase=phase, lease=30), "e", age, 0).is_held == held


def test_a_claim_takes_the_next_generation_and_keeps_the_snapshots() -> None:
    state = State(
        generation=3, phase=RUNNING, task="t", endpoint="e", snapshots=(SNAPSHOT,), failed=True
    )
    claimed = Seen(state, "e", 99, 10_000.0).claimed(20)
    expected = dataclasses.replace(
        claimed, generation=4, phase=CLAIMED, lease=20, task="", endpoint="", failed=False
    )
    assert claimed == expected
    assert (claimed.snapshots, claimed.starts) == ((SNAPSHOT,), (10_000.0,))


def test_starts_are_forgotten_after_an_hour() -> None:
    seen = Seen(State(starts=(1.0, 5000.0)), "e", 99, 5100.0)
    assert seen.starts_within_the_hour() == 1
    assert seen.claimed(20).starts == (5000.0, 5100.0)
