"""What others wrote does not command the terminal through rich either."""

import io

import pytest
from rich.table import Table
from rich.text import Text

from builder.report.console import PIPE_WIDTH, SafeConsole
from tests.builder.report.test_terminal import POISON, commands


def test_tables_and_texts_of_rich_are_cleaned() -> None:
    out = io.StringIO()
    console = SafeConsole(file=out, force_terminal=True, width=200)
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


def test_a_table_has_room_for_what_is_not_to_be_wrapped() -> None:
    console = SafeConsole(file=Tty(), width=20, height=20)
    table = Table(box=None, pad_edge=False)
    table.add_column("when", no_wrap=True)
    table.add_column("why", overflow="fold")
    table.add_row("2026-11-26T19:00:00Z", "words that may be wrapped as often as you like")
    assert console.room_for(table) == 20 + 2 + 12
    assert SafeConsole(file=Tty(), width=90, height=20).room_for(table) == 90
