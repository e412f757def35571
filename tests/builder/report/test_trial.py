from __future__ import annotations

import json
from pathlib import Path

import pytest

from builder.report.trial import show_trial, show_trial_json
from builder.sizes.trial import Trial


def trial(size: int, *only_there: str) -> Trial:
    packages = tuple((f"p{n}", "1", size // 30) for n in range(30))
    return Trial("web", Path("/some/where"), size, size // 4, 60, packages, (), only_there)


def test_sizes_the_folder_and_what_is_not_known_are_shown(
    capsys: pytest.CaptureFixture[str],
) -> None:
    show_trial(trial(300_000_000, "whether [it] works"))
    out = capsys.readouterr().out
    assert "too large: 300,000,000 bytes unzipped, 114% of 262,144,000" in out
    assert "10 more" in out
    assert "/some/where: for looking; nothing was published" in out
    assert "- whether [it] works" in out


def test_machines_read_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    show_trial_json(trial(3000))
    document = json.loads(capsys.readouterr().out)
    assert (document["fits"], document["unzipped_size"]) == (True, 3000)
    assert document["only_codebuild_can_tell"] == []
