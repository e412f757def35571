"""What others wrote does not command the terminal through rich either."""

import io

import pytest
from rich.table import Table
from rich.text import Text

from builder.report.console import PIPE_WIDTH, SafeConsole
from tests.builder.report.test_terminal import POISON, commands


def test_tables_and_texts_of_rich_are_cleaned() -> None:
    out = io.StringIO()
    console = SafeConsole(file=out, force_terminal=True, color_system="standard", width=200)
    table = Table("column", title=POISON)
    table.add_row(Text(POISON, style="red"))

    console.print(table, POISON, markup=False)

    assert "\x1b[31m" in out.getvalue()
    assert commands(out.getvalue()) == []


class Tty(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("file", "environment", "width", "watched"),
    [
        (io.StringIO(), {}, PIPE_WIDTH, False),
        (io.StringIO(), {"FORCE_COLOR": "1"}, PIPE_WIDTH, False),
        (io.StringIO(), {"COLUMNS": "70"}, PIPE_WIDTH, False),
        (io.StringIO(), {"FORCE_COLOR": "1", "COLUMNS": "70"}, 70, False),
        (Tty(), {"COLUMNS": "70"}, 70, True),
        (Tty(), {"COLUMNS": "137", "TERM": "dumb"}, 137, True),
    ],
)
def test_a_console_is_as_wide_as_its_terminal_and_a_pipe_as_its_lines(
    monkeypatch: pytest.MonkeyPatch,
    file: io.StringIO,
    environment: dict[str, str],
    width: int,
    watched: bool,
) -> None:
    for name in ("FORCE_COLOR", "COLUMNS", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    console = SafeConsole(file=file)
    assert (console.width, console.is_watched) == (width, watched)


def drawn(table: Table, width: int) -> list[str]:
    out = Tty()
    console = SafeConsole(file=out, width=width, height=20, color_system=None)
    console.write_table(table)
    return out.getvalue().splitlines()


def sample() -> Table:
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    table.add_column()
    arn = "arn:aws:lambda:eu-central-1:123456789012:layer:web:1"
    table.add_row("2026-11-26T19:00:00Z", "words that may be wrapped as often as you like", arn)
    return table


def test_a_table_that_has_no_room_breaks_no_word_and_cuts_nothing() -> None:
    assert drawn(sample(), 20) == [
        "2026-11-26T19:00:00Z  words that    arn:aws:lambda:eu-central-1:123456789012:layer:web:1",
        "                      may be",
        "                      wrapped as",
        "                      often as you",
        "                      like",
    ]


def test_a_table_takes_the_room_that_there_is_and_no_more() -> None:
    narrow, wide = drawn(sample(), 95), drawn(sample(), 400)
    assert max(map(len, narrow)) <= 95
    assert len(narrow) == 3
    assert len(wide) == 1
