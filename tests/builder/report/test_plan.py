import json
from dataclasses import replace

import pytest

from builder.layer.token import Token
from builder.release.plan import Plan
from builder.report.plan import show_answers, show_plans
from tests.builder.report.samples import CLOSE, LAYER, REFUSED, RELEASE, UNSEEN

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


@pytest.mark.parametrize(
    ("said", "cell"),
    [(CLOSE, "243.6 MB, close"), (REFUSED, "300.0 MB, too large"), (UNSEEN, "not predicted")],
)
def test_the_predicted_size_stands_beside_the_reason_and_is_said_below(
    capsys: pytest.CaptureFixture[str], said: dict[str, str], cell: str
) -> None:
    show_plans([(LAYER, STALE)], {"web": said}, as_json=False)

    head, row, empty, *below = capsys.readouterr().out.splitlines()
    assert head.split() == ["layer", "status", "reason", "size", "now", "next"]
    assert cell in row
    assert (empty, below[0]) == ("", f"web: {said['size']}")
    assert any("the apply of web is refused" in line for line in below) == (said is REFUSED)


def test_what_simply_fits_is_not_said_twice(capsys: pytest.CaptureFixture[str]) -> None:
    fits = {**CLOSE, "predicted_size": "1000000", "size_verdict": "fits", "size": "1,000,000"}
    show_plans([(LAYER, STALE)], {"web": fits}, as_json=False)

    _, row = capsys.readouterr().out.splitlines()
    assert "1.0 MB, fits" in row


def test_machines_read_sizes_in_the_words_of_the_plan_hook(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def shown(sizes: dict[str, dict[str, str]]) -> dict[str, object]:
        show_plans([(LAYER, STALE)], sizes, as_json=True)
        (found,) = json.loads(capsys.readouterr().out)
        return {key: found[key] for key in ("predicted_size", "size_verdict", "size_fits")}

    assert shown({"web": REFUSED}) == {
        "predicted_size": 300_000_000, "size_verdict": "too large", "size_fits": False,
    }  # fmt: skip
    assert shown({"web": UNSEEN}) == {
        "predicted_size": None, "size_verdict": "not predicted", "size_fits": True,
    }  # fmt: skip
    assert shown({}) == dict.fromkeys(("predicted_size", "size_verdict", "size_fits"))


def test_what_the_hook_answered_is_shown_the_same_way(capsys: pytest.CaptureFixture[str]) -> None:
    answer = {"status": "stale", "reason": "why", "version": "1", "token": f"{'a' * 64}#2"}
    show_answers({"web": {**answer, **CLOSE}, "api": answer})

    _, web, api, _, below = capsys.readouterr().out.splitlines()
    assert "243.6 MB, close" in web
    assert api.split()[-4:] == ["-", "v1", "build", "#2"]
    assert below == f"web: {CLOSE['size']}"
