import json

import pytest

from builder.report.release import show_release
from tests.builder.report.samples import LAYER, RELEASE


def test_a_release_is_shown_on_lines_that_can_be_searched(
    capsys: pytest.CaptureFixture[str],
) -> None:
    show_release(LAYER, RELEASE, as_json=False)

    lines = {line.split(None, 1)[0]: line.split(None, 1)[1].rstrip()
             for line in capsys.readouterr().out.splitlines()}  # fmt: skip
    assert lines["layer_arn"] == RELEASE.layer_arn
    assert lines["unzipped_size"] == "31,457,280"
    assert lines["reason"] == RELEASE.reason


def test_a_release_for_machines(capsys: pytest.CaptureFixture[str]) -> None:
    show_release(LAYER, RELEASE, as_json=True)

    found = json.loads(capsys.readouterr().out)
    assert (found["layer"], found["version"], found["unzipped_size"]) == ("web", 1, 31_457_280)
