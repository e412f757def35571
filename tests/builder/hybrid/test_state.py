import json

import pytest

import hybrid_service.state as theirs
from builder.errors import RecordError
from builder.hybrid import state as ours
from builder.hybrid.state import State, moment


def test_what_the_task_writes_is_read_with_the_same_words() -> None:
    snapshot = theirs.Snapshot("snapshots/00000003-000001.tar.gz", "v", 7, "s", 5.5)
    written = theirs.State(
        generation=3, phase=theirs.RUNNING, task="arn", endpoint="10.0.0.1:8000",
        snapshots=(snapshot,), saved=9, reason="r",
    )  # fmt: skip

    state = State.from_json(written.to_json(), "u")

    assert (state.generation, state.phase, state.task) == (3, ours.RUNNING, "arn")
    assert (state.endpoint, state.saved, state.reason) == ("10.0.0.1:8000", 9, "r")
    assert [(one.key, one.size, one.taken) for one in state.snapshots] == [(snapshot.key, 7, 5.5)]
    assert (ours.KEY, ours.SNAPSHOTS, ours.PHASES) == (
        theirs.KEY, theirs.SNAPSHOTS, theirs.PHASES,
    )  # fmt: skip


@pytest.mark.parametrize(
    "content",
    [
        b"", b"[]", b"{", b'{"generation": "1"}', b'{"phase": "\\u001b]52;c;x"}',
        b'{"snapshots": [{"key": "x"}]}', b'{"saved": 1e999}', b"[" * 100_000, b"\xff",
        json.dumps({"reason": "x" * (2 << 20)}).encode(),
    ],
)  # fmt: skip
def test_what_is_no_state_is_one_error(content: bytes) -> None:
    with pytest.raises(RecordError, match="cannot be read") as caught:
        State.from_json(content, "s3://b/ledger/state.json")

    assert caught.value.where.startswith("s3://b/ledger/state.json: ")


@pytest.mark.parametrize("seconds", [0.0, -1.0, 1e300, 10.0**18])
def test_a_time_beyond_all_calendars_is_none(seconds: float) -> None:
    assert moment(seconds) == ""


def test_a_time_is_in_utc() -> None:
    assert moment(1_700_000_000.9) == "2023-11-14T22:13:20Z"
