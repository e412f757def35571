"""Reasons come from files and from AWS: they may command neither GitHub nor a reader's page."""

from dataclasses import replace
from pathlib import Path

import pytest

from builder.layer.token import Token
from builder.protocol.statuses import CURRENT, STALE
from builder.release.plan import Plan
from builder.report.plan_formats import markdown, show_github
from tests.builder.conftest import World

HOSTILE = "a|b `c` <img src=x> @team [x](http://y)\n::error::no\x1b[2J 100%"


def plans(world: World, reason: str = HOSTILE) -> list[tuple[object, Plan]]:
    due = Plan(status=STALE, token=Token("f" * 64, 2), reason=reason, release=None)
    return [(world.layer(), due), (world.layer("same"), replace(due, status=CURRENT))]


def test_a_reason_stays_in_its_cell(world: World) -> None:
    lines = markdown(plans(world)).splitlines()  # type: ignore[arg-type]

    assert lines[0] == "**Lambda layers: 1 of 2 due**"
    assert len(lines) == 6
    assert lines[4] == (
        "| `web` | stale | `a\\|b 'c' <img src=x> @team [x](http://y) ::error::no\\x1b[2J 100%` "
        "| - | build #2 |"
    )


def test_github_gets_notices_a_summary_and_outputs(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {"GITHUB_STEP_SUMMARY": tmp_path / "summary", "GITHUB_OUTPUT": tmp_path / "output"}
    files["GITHUB_OUTPUT"].write_text("before=1\n")
    environment = {name: str(path) for name, path in files.items()}
    show_github(plans(world), environment)  # type: ignore[arg-type]

    (notice,) = capsys.readouterr().out.splitlines()
    assert notice.startswith("::notice title=layer web::stale: a|b")
    assert "%0A::error::no" in notice
    assert "100%25" in notice
    assert files["GITHUB_OUTPUT"].read_text() == "before=1\ndue=true\nlayers=web\n"
    assert files["GITHUB_STEP_SUMMARY"].read_text().startswith("**Lambda layers: 1 of 2 due**")


def test_elsewhere_there_are_no_files_to_write(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    show_github(plans(world)[1:], {})  # type: ignore[arg-type]
    assert capsys.readouterr().out == "no layer is due\n"
