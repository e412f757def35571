import io
from datetime import UTC, datetime
from typing import Any

import pytest
from rich.console import Console

from builder.aws.codebuild import BuildState, Phase
from builder.clock import Clock
from builder.operations.log_line import Step, parse
from builder.operations.watch import BuildView, View
from builder.protocol.statuses import BUILDING, FAILED, PUBLISHED, WAITING
from builder.report.watch import _Screen, events, show_views
from tests.builder.remembered import release_of


def state_of(name: str = "layers:1c9e0000-x", **fields: Any) -> BuildState:
    defaults: dict[str, Any] = {
        "id": name, "status": "IN_PROGRESS", "phase": "BUILD", "log_group": "g", "log_stream": "s",
        "variables": {}, "failure": "", "started": datetime.now(UTC), "seconds": 75.0,
        "limit_seconds": 3600.0,
        "phases": (
            Phase("SUBMITTED", "SUCCEEDED", 0.1), Phase("PROVISIONING", "SUCCEEDED", 21.0),
            Phase("BUILD", "", 12.0),
        ),
    }  # fmt: skip
    return BuildState(**{**defaults, **fields})


def build_of(state: BuildState, *lines: str, step: Step | None = None) -> BuildView:
    return BuildView(state, step, 100.0, (), (), tuple(map(parse, lines)))


def view_of(*builds: BuildView, stage: str = BUILDING, **fields: Any) -> View:
    return View("web", stage, 100.0, "src changed", builds, **fields)


def drawn(view: View, *, width: int = 100, ascii_only: bool = False, later: float = 0.0) -> str:
    screen = _Screen(Clock(now=lambda: 100.0 + later), ascii_only=ascii_only)
    screen.view = view
    out = io.StringIO()
    Console(file=out, width=width, force_terminal=True, color_system=None).print(screen)
    return out.getvalue()


def test_a_build_shows_its_phases_its_times_and_its_step() -> None:
    step = Step("installing 12 of 40 for python3.12", 3.0, 12, 40)
    said = drawn(view_of(build_of(state_of(), step=step)))

    assert "web  building  src changed" in said
    assert "build 1c9e0000  1m 15s" in said
    assert "✓ provisioning 21s  build 12s" in said
    assert "submitted" not in said
    assert "installing 12 of 40 for python3.12  0s" in said


def test_times_go_on_between_two_looks() -> None:
    said = drawn(view_of(build_of(state_of(), step=Step("resolving", 1.0))), later=5.0)

    assert "1m 20s" in said
    assert "build 17s" in said
    assert "resolving  5s" in said


def test_several_builds_are_shown_below_each_other_by_what_they_are_for() -> None:
    builds = [
        build_of(state_of(f"layers:{n}", variables={"LAYER_TARGET": f"python3.{n}"}))
        for n in (11, 12)
    ]
    said = drawn(view_of(*builds, build_of(state_of("layers:m", variables={"LAYER_MERGE": "1"}))))

    shown = ["build python3.11", "build python3.12", "build merge"]
    places = [said.index(text) for text in shown]
    assert places == sorted(places)


def test_a_failed_phase_and_its_cause_are_shown() -> None:
    failed = state_of(
        status="FAILED", phases=(Phase("INSTALL", "SUCCEEDED", 4.0), Phase("BUILD", "FAILED", 1.0))
    )
    build = BuildView(failed, None, 0.0, ("careful",), ("no such package",), ())
    said = drawn(view_of(build, stage=FAILED, problem="BUILD: exit 1"))

    assert "✗ build 1s" in said
    assert "NOTE: careful" in said
    assert "ERROR: no such package" in said
    assert "BUILD: exit 1" in said


class Tty(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_in_the_end_there_are_sizes_and_the_arn_is_whole_on_any_terminal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    terminal = Tty()
    monkeypatch.setattr("sys.stdout", terminal)
    for name, value in {"TERM": "xterm", "COLUMNS": "40"}.items():
        monkeypatch.setenv(name, value)
    view = view_of(stage=PUBLISHED, release=release_of(3))

    assert show_views([view], clock=Clock(), as_json=False) == view

    said = terminal.getvalue()
    assert len(release_of(3).layer_arn) > 40
    assert release_of(3).layer_arn in said
    assert "packages" in said


def test_while_nothing_happens_the_last_version_is_reported() -> None:
    said = drawn(view_of(stage=WAITING, release=release_of(3), wait=90.0, problem="no such file"))

    said = " ".join(said.split())
    assert (
        "waiting up to 1m 30s for a build to begin (terraform apply, or lambda-layer build)" in said
    )
    assert "; the last build failed: no such file; " in said
    assert "; the last release is version 3 of 2026-01-01T00:00:00Z; Ctrl-C ends" in said


def test_a_terminal_without_unicode_gets_none() -> None:
    said = drawn(view_of(build_of(state_of())), ascii_only=True)

    assert said.isascii()
    assert "+ provisioning 21s" in said


def test_a_phase_and_its_time_stay_on_one_line() -> None:
    phases = tuple(Phase(name, "SUCCEEDED", 10.0) for name in ("PROVISIONING", "INSTALL", "BUILD"))
    said = drawn(view_of(build_of(state_of(phases=phases))), width=30)

    assert "✓ provisioning 10s" in said
    assert "✓ install 10s" in said


def test_what_happened_between_two_looks_is_reported_once() -> None:
    one = view_of(build_of(state_of(phase="INSTALL"), "[   0.1s] installing uv"))
    two = view_of(build_of(state_of(), "[   4.0s] resolving", "some output"))
    three = view_of(build_of(state_of()), stage=PUBLISHED, release=release_of(1))

    assert [event["event"] for event in events(None, one)] == ["build", "step", "phase"]
    assert [event["event"] for event in events(one, two)] == ["step", "phase"]
    (last,) = events(two, three)
    assert (last["event"], last["layer_arn"]) == ("published", release_of(1).layer_arn)
