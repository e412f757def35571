import json
import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from builder.aws.codebuild import BuildState
from builder.aws.functions import Use
from builder.builds.attempt_state import NOT_RELEASED
from builder.layer.record import Lease, Pin, Record
from builder.operations.status import Load, Status
from builder.report.status import show_status
from builder.sizes.together import Together
from tests.builder.conftest import spec_of
from tests.builder.remembered import attempt_of, release_of
from tests.builder.report.samples import LAYER, RELEASE

OLD = Use("api", "3", release_of(1).layer_arn)
NEW = Use("jobs", "$LATEST", release_of(2).layer_arn)
CURRENT = replace(RELEASE, layer_arn=release_of(2).layer_arn, version=2, number=2)
RECORD = Record("web", current=CURRENT, releases=(CURRENT, release_of(1)))


def shown(capsys: pytest.CaptureFixture[str], status: Status, *, releases: bool = False) -> str:
    show_status([status], as_json=False, releases=releases)
    return capsys.readouterr().out


def test_a_layer_is_one_line_that_can_be_searched(capsys: pytest.CaptureFixture[str]) -> None:
    place, _, _, line = shown(capsys, Status(LAYER, RECORD)).splitlines()[:4]

    assert place == f"account {LAYER.site.account}, region {LAYER.site.region}"

    assert line.split()[:3] == ["web", "published", CURRENT.layer_arn]
    assert "31.5 MB" in line


def test_on_a_narrow_terminal_neither_arns_nor_times_are_broken(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "FORCE_COLOR": "1",
        "NO_COLOR": "1",
        "TERM": "xterm",
        "COLUMNS": "80",
    }.items():
        monkeypatch.setenv(name, value)
    lines = [
        re.sub(r"\x1b\[[\d;]*m", "", line)
        for line in shown(capsys, Status(LAYER, RECORD), releases=True).splitlines()
    ]

    assert CURRENT.layer_arn in lines
    row = next(line for line in lines if line.startswith("web"))
    assert row.split()[:3] == ["web", "published", str(CURRENT.version)]
    assert CURRENT.published_at in row
    below = lines[lines.index(next(line for line in lines if line.startswith("Releases"))) :]
    for release in RECORD.releases:
        assert any(release.published_at in line for line in below)
    # What has no room beside the others is left whole, for the terminal to wrap.
    assert [line.split()[-1] for line in below if len(line) > 80] == ["pydantic[email]"]


def test_on_the_narrowest_terminal_times_and_statuses_are_whole(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"FORCE_COLOR": "1", "TERM": "xterm", "COLUMNS": "40"}.items():
        monkeypatch.setenv(name, value)
    said = shown(capsys, Status(LAYER, RECORD), releases=True)
    for word in ("published", CURRENT.published_at, CURRENT.layer_arn):
        assert word in said
    for release in RECORD.releases:
        assert release.published_at in said


def test_a_failure_is_reported_with_every_letter(capsys: pytest.CaptureFixture[str]) -> None:
    record = Record("web", attempt=attempt_of(2, failure="BUILD: [x] exit 1"))

    said = shown(capsys, Status(LAYER, record))
    assert "web: failed: BUILD: [x] exit 1" in said
    assert "lambda-layer logs web --failed" in said


def test_a_build_that_was_not_released_has_no_failed_log(
    capsys: pytest.CaptureFixture[str],
) -> None:
    record = Record("web", attempt=attempt_of(2, build_id="web:1"))
    build = BuildState(
        *("web:1", "SUCCEEDED", "COMPLETED", "", "", {}, "", datetime(2026, 1, 1, tzinfo=UTC)),
        seconds=60,
        limit_seconds=3600,
    )
    said = shown(capsys, Status(LAYER, record, (build,)))
    assert f"web: failed: {NOT_RELEASED}" in said
    assert "--failed" not in said


def test_a_pin_is_reported_with_how_it_is_let_go(capsys: pytest.CaptureFixture[str]) -> None:
    pin = Pin(release_of(1), "alice", "2026-01-01T00:00:00Z", "v2 [is] bad")
    said = shown(capsys, Status(LAYER, replace(RECORD, pinned=pin)))

    assert said.splitlines()[3].split()[:3] == ["web", "pinned", release_of(1).layer_arn]
    assert "pinned to version 1 by alice since 2026-01-01T00:00:00Z (v2 [is] bad)" in said
    assert "lambda-layer unpin web" in said


def test_functions_on_old_versions_are_marked(capsys: pytest.CaptureFixture[str]) -> None:
    layer = replace(LAYER, spec=spec_of(functions=("mail",)))
    lines = [
        line.split() for line in shown(capsys, Status(layer, RECORD, uses=(OLD, NEW))).splitlines()
    ]

    assert ["web", "api:3", "1", "old"] in lines
    assert ["web", "jobs", "2", "ok"] in lines
    assert ["web", "mail", "-", "does", "not", "use", "it"] in lines


def test_releases_are_listed_when_they_are_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert "Releases" not in shown(capsys, Status(LAYER, RECORD))

    said = shown(capsys, Status(LAYER, RECORD), releases=True)
    assert "pydantic[email] [bold]added[/]" in said
    assert "first build" in said


def test_machines_get_everything(capsys: pytest.CaptureFixture[str]) -> None:
    show_status([Status(LAYER, RECORD, uses=(OLD, NEW))], as_json=True, releases=False)

    (found,) = json.loads(capsys.readouterr().out)
    assert (found["layer"], found["status"], found["pinned"]) == ("web", "published", None)
    assert [release["version"] for release in found["releases"]] == [2, 1]
    assert [(use["function"], use["version"], use["old"]) for use in found["functions"]] == [
        ("api", 1, True), ("jobs", 2, False),
    ]  # fmt: skip


def test_functions_that_cannot_be_seen_are_not_said_to_be_none(
    capsys: pytest.CaptureFixture[str],
) -> None:
    blind = Status(LAYER, RECORD, unseen="the credentials may not lambda:ListFunctions")
    assert "functions of web are not known" in shown(capsys, blind)

    show_status([blind], as_json=True, releases=False)
    assert json.loads(capsys.readouterr().out)[0]["functions"] is None


def test_who_publishes_right_now_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    record = Record("web", lease=Lease("build-7:12:ab", 1_700_000_060.0))

    assert "web: build-7:12:ab is publishing it" in shown(capsys, Status(LAYER, record))
    show_status([Status(LAYER, record)], as_json=True, releases=False)
    assert '"owner": "build-7:12:ab"' in capsys.readouterr().out


def test_the_other_layers_of_functions_are_added_up(capsys: pytest.CaptureFixture[str]) -> None:
    loads = {"jobs": Load(2, 250_000_000), "idle": Load(3, 100_000_000, unknown=1)}
    together = Together("jobs", ("web", "data"), 270_000_000)
    layer = replace(LAYER, spec=spec_of(functions=("idle",)))
    status = Status(layer, RECORD, uses=(OLD, NEW), loads=loads, together=together)
    lines = shown(capsys, status).splitlines()

    assert any("jobs" in line and "250.0 MB, 95% of the limit" in line for line in lines)
    idle = next(line for line in lines if "does not use it" in line)
    assert "100.0 MB, 38% of the limit, without 1 of unknown size" in idle
    assert lines[-1].startswith("function jobs gets web, data: 270,000,000 bytes")

    show_status([status], as_json=True, releases=False)
    (found,) = json.loads(capsys.readouterr().out)
    api, jobs = found["functions"]
    assert api["all_layers"] is None  # a published version: nothing can change it
    assert jobs["all_layers"] == {"layers": 2, "size": 250_000_000, "unknown": 0}
    assert found["together"]["fits"] is False


def test_a_function_that_layers_share_is_said_once(capsys: pytest.CaptureFixture[str]) -> None:
    found = [
        Status(LAYER, RECORD, together=Together("api", names, 5))
        for names in (("web", "data"), ("data", "web"))
    ]
    show_status(found, as_json=False, releases=False)
    assert capsys.readouterr().out.count("function api gets web, data: 5 bytes") == 1
