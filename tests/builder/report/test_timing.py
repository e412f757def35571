import json

import pytest

from builder.layer.record import Record
from builder.layer.steps import MOVE, NOTICE, PUBLISH, Steps
from builder.operations.status import Status
from builder.operations.timing import BuildTiming, Timing
from builder.report.status import show_status
from builder.report.timing import show_timing
from tests.builder.report.samples import LAYER

PHASES = {
    **{"SUBMITTED": 0.0, "QUEUED": 1.0, "PROVISIONING": 21.0, "DOWNLOAD_SOURCE": 2.0},
    **{"INSTALL": 3.0, "PRE_BUILD": 0.0, "BUILD": 8.0, "UPLOAD_ARTIFACTS": 4.0, "FINALIZING": 1.0},
}
BUILD = BuildTiming("v2 [1m]", "app:1", "SUCCEEDED", "ARM_CONTAINER", "image", PHASES, 40.0)
TIMING = Timing("web", (BUILD,), 2, Steps(2, {MOVE: 0.5, PUBLISH: 2.0, NOTICE: 1.0}))


def test_phases_are_columns_and_steps_stand_in_their_order(
    capsys: pytest.CaptureFixture[str],
) -> None:
    show_timing([TIMING])

    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["web", "v2", "[1m]", "arm", "1", "21", "2", "3", "8", "5", "40"] in lines
    assert ["web", "2", "1.0", "-", "2.0", "-", "-", "-", "0.5", "3.5"] in lines


def test_a_phase_that_has_not_come_is_no_zero(capsys: pytest.CaptureFixture[str]) -> None:
    running = BuildTiming("#3", "app:2", "IN_PROGRESS", "", "", {"QUEUED": 2.0}, 2.0)
    show_timing([Timing("web", (running,))])

    row = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("web"))
    assert row.split()[2:] == ["2", *["-"] * 5, "2"]


def test_a_build_that_is_forgotten_and_a_layer_without_one_are_said(
    capsys: pytest.CaptureFixture[str],
) -> None:
    show_timing([Timing("web", gone=("app:9",)), Timing("api")])

    said = capsys.readouterr().out
    assert "web: CodeBuild does not know build app:9" in said
    assert "api: no build is known" in said


def test_nothing_that_was_not_asked_for_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    show_timing([])

    assert capsys.readouterr().out == ""


def test_machines_get_the_times_of_each_layer(capsys: pytest.CaptureFixture[str]) -> None:
    status = Status(LAYER, Record("web"))
    show_status([status], as_json=True, releases=False, times=[TIMING])
    (found,) = json.loads(capsys.readouterr().out)

    assert found["timing"]["builds"][0]["phases"] == PHASES
    assert found["timing"]["release"] == {
        "version": 2,
        "steps": {"notice": 1.0, "publish": 2.0, "move": 0.5},
        "seconds": 3.5,
    }
    show_status([status], as_json=True, releases=False)
    assert "timing" not in json.loads(capsys.readouterr().out)[0]
