import json
from dataclasses import replace

import pytest

from builder.layer.token import Token
from builder.release.plan import Plan
from builder.report.plan import show_plans
from tests.builder.report.samples import LAYER, RELEASE

STALE = Plan(
    Token("a" * 64, 2), "stale", "dependencies changed from rich to pydantic[email]", RELEASE
)
CURRENT = Plan(Token("a" * 64, 1), "current", "first build", RELEASE)


def test_plans_show_what_is_due_and_why_with_every_letter(
    capsys: pytest.CaptureFixture[str],
) -> None:
    show_plans([(LAYER, STALE), (LAYER, CURRENT)], as_json=False)

    _, stale, current = capsys.readouterr().out.splitlines()
    assert stale.split()[:2] == ["web", "stale"]
    assert "dependencies changed from rich to pydantic[email]" in stale
    assert stale.split()[-3:] == ["v1", "build", "#2"]
    assert current.split()[-2:] == ["v1", "-"]
    assert "first build" not in current  # the reason of its last build: nothing is due


def test_a_layer_without_a_release_has_none(capsys: pytest.CaptureFixture[str]) -> None:
    missing = Plan(Token("a" * 64, 1), "missing", "first build", None)
    show_plans([(LAYER, missing)], as_json=False)

    assert capsys.readouterr().out.splitlines()[1].split()[-3:] == ["-", "build", "#1"]


def test_plans_for_machines(capsys: pytest.CaptureFixture[str]) -> None:
    show_plans([(LAYER, STALE)], as_json=True)

    (found,) = json.loads(capsys.readouterr().out)
    assert found["token"] == f"{'a' * 64}#2"
    assert (found["layer"], found["status"], found["reason"]) == ("web", "stale", STALE.reason)
    assert found["release"]["layer_arn"] == RELEASE.layer_arn


def test_functions_are_due_to_move_and_not_to_be_built(capsys: pytest.CaptureFixture[str]) -> None:
    show_plans([(LAYER, replace(CURRENT, status="unmoved"))], as_json=False)

    assert capsys.readouterr().out.split()[-3:] == ["v1", "move", "#1"]


def test_nothing_is_coloured_that_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    show_plans([(LAYER, STALE)], as_json=False)

    assert "\x1b" not in capsys.readouterr().out
