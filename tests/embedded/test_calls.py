from dataclasses import replace
from pathlib import Path

import pytest

from embedded.calls import Call, Journal, now

CALL = Call("s3", "GetObject", "/bucket/key", "arn:aws:iam::123456789012:root", 200, now())


@pytest.mark.parametrize(
    ("operation", "is_write"),
    [
        ("GetObject", False),
        ("HeadBucket", False),
        ("ListLayerVersions", False),
        ("BatchGetBuilds", False),
        ("SimulatePrincipalPolicy", False),
        ("AssumeRole", False),
        ("PutObject", True),
        ("PublishLayerVersion", True),
        ("StartBuild", True),
        ("InvokeFunction", True),
        ("SomethingNew", True),
    ],
)
def test_what_is_not_known_to_read_is_a_write(operation: str, is_write: bool) -> None:
    assert replace(CALL, operation=operation).is_write is is_write


def test_calls_come_back_as_they_were_written(tmp_path: Path) -> None:
    file = tmp_path / "calls"
    journal = Journal(file)
    assert journal.calls() == []
    file.write_text(CALL.to_json() + "\n" + CALL.to_json()[:20])
    assert journal.calls() == [CALL]
    assert journal.calls() == [CALL]


def test_a_journal_that_is_read_while_it_grows_has_every_call_once(tmp_path: Path) -> None:
    file = tmp_path / "calls"
    journal = Journal(file)
    calls = [replace(CALL, target=f"/bücket/{number}") for number in range(3)]
    lines = "".join(f"{call.to_json()}\n" for call in calls).encode()
    with file.open("ab", buffering=0) as written:
        for byte in range(len(lines)):
            written.write(lines[byte : byte + 1])
            whole = lines[: byte + 1].count(b"\n")
            assert journal.calls() == calls[:whole]
    journal.calls().clear()
    assert journal.calls() == calls
