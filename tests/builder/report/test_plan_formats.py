"""Reasons come from files and from AWS: they may command neither GitHub nor a reader's page."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from builder.layer.token import Token
from builder.protocol.statuses import CURRENT, STALE
from builder.release.plan import Plan
from builder.report.plan_formats import markdown, show_github
from tests.builder.conftest import World
from tests.builder.report.samples import CLOSE, REFUSED

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


@given(
    st.lists(
        st.sampled_from(
            [
                *("|", "\\", "`", "``", "<img src=x>", "[x](http://y)", "@team", "\n", " ", "\r"),
                *("![x](http://y/z.png)", "\n---\n", "\n| a |\n", "a", "\u2028", "\x1b[2J"),
                *("~~~", "*", "&#96;"),
            ]
        ),
        max_size=12,
    ).map("".join)
)
def test_whatever_a_reason_has_is_text_in_its_cell(reason: str) -> None:
    due = Plan(status=STALE, token=Token("f" * 64, 2), reason=f"x{reason}", release=None)
    text = markdown([(SimpleNamespace(name="web"), due)])  # type: ignore[list-item]

    # markdown-it reads tables as GitHub's own parser does.
    inner = [
        child
        for token in MarkdownIt("commonmark").enable("table").parse(text)
        for child in token.children or ()
    ]
    table = text.splitlines()[2:]
    assert len(table) == 3
    kinds = {child.type for child in inner}
    assert kinds <= {"text", "code_inline", "strong_open", "strong_close"}
    assert sum(child.type == "code_inline" for child in inner) == 2


def test_github_gets_notices_a_summary_and_outputs(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {"GITHUB_STEP_SUMMARY": tmp_path / "summary", "GITHUB_OUTPUT": tmp_path / "output"}
    files["GITHUB_OUTPUT"].write_text("before=1\n")
    environment = {name: str(path) for name, path in files.items()}
    show_github(plans(world), {}, environment)  # type: ignore[arg-type]

    (notice,) = capsys.readouterr().out.splitlines()
    assert notice.startswith("::notice title=layer web::stale: a|b")
    assert "%0A::error::no" in notice
    assert "100%25" in notice
    assert files["GITHUB_OUTPUT"].read_text() == "before=1\ndue=true\nlayers=web\n"
    assert files["GITHUB_STEP_SUMMARY"].read_text().startswith("**Lambda layers: 1 of 2 due**")


def test_elsewhere_there_are_no_files_to_write(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    show_github(plans(world)[1:], {}, {})  # type: ignore[arg-type]
    assert capsys.readouterr().out == "no layer is due\n"


def test_sizes_have_a_column_and_what_does_not_fit_is_said_below(world: World) -> None:
    lines = markdown(plans(world), {"web": REFUSED}).splitlines()  # type: ignore[arg-type]

    assert lines[2] == "| layer | status | reason | size | now | next |"
    assert lines[4].endswith("| 300.0 MB, too large | - | build #2 |")
    assert lines[5].endswith("| - | - | - |")
    # A path of a package stands in it, which may be anything.
    assert lines[7:] == [
        f"- `web: {REFUSED['size']}`",
        "- `the apply of web is refused: 300,000,000 bytes unzipped are predicted`",
        "- `- leave out <img src=x> 'c'`",
    ]


def test_github_marks_what_is_refused_and_what_is_too_large(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    warned = {**REFUSED, "size_fits": "true", "size_refusal": ""}
    for said, level in ((REFUSED, "error"), (warned, "warning"), (CLOSE, "")):
        show_github(plans(world, "why"), {"web": said}, {})  # type: ignore[arg-type]
        notice, *rest = capsys.readouterr().out.splitlines()
        assert notice == "::notice title=layer web::stale: why"
        assert rest == ([f"::{level} title=layer web::{said['size']}"] if level else [])
