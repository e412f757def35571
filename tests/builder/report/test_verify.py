"""What was proven, as people and machines read it."""

import json

import pytest

from builder.errors import ArtifactError
from builder.operations.proof import PROVEN, UNPROVEN, WRONG, Finding
from builder.report.verify import show_proof

FINE = [Finding(PROVEN, "manifest", "SHA-256"), Finding(UNPROVEN, "signature", "[none]")]


def test_what_was_proven_and_what_was_not_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    show_proof("web", 7, FINE, as_json=False)

    lines = capsys.readouterr().out.splitlines()
    assert [line.split() for line in lines if line.strip()] == [
        ["proven", "manifest", "SHA-256"],
        ["not", "proven", "signature", "[none]"],
    ]


def test_machines_get_the_findings_and_the_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ArtifactError, match="1 comparison failed") as caught:
        show_proof("web", 7, [*FINE, Finding(WRONG, "sizes", "9")], as_json=True)

    document = json.loads(capsys.readouterr().out)
    assert (document["layer"], document["version"]) == ("web", 7)
    assert document["findings"][2] == {"verdict": "wrong", "subject": "sizes", "seen": "9"}
    assert caught.value.where == "sizes: 9"
