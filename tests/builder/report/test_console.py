"""What others wrote does not command the terminal through rich either."""

import io

from rich.table import Table
from rich.text import Text

from builder.report.console import SafeConsole
from tests.builder.report.test_terminal import POISON, commands


def test_tables_and_texts_of_rich_are_cleaned() -> None:
    out = io.StringIO()
    console = SafeConsole(file=out, force_terminal=True, width=200)
    table = Table("column", title=POISON)
    table.add_row(Text(POISON, style="red"))

    console.print(table, POISON, markup=False)

    assert "\x1b[31m" in out.getvalue()
    assert commands(out.getvalue()) == []
