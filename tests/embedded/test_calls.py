from dataclasses import replace
from pathlib import Path

import pytest

from embedded.calls import Call, now, read_calls

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
    journal = tmp_path / "calls"
    assert read_calls(journal) == []
    journal.write_text(CALL.to_json() + "\n" + CALL.to_json()[:20])
    assert read_calls(journal) == [CALL]
