"""The tables of the module's README can be read as tables, and name every variable."""

from __future__ import annotations

import re

import pytest

from hcl.__main__ import FOLDER
from hcl.readme import BEGIN, END, TABLES, page

PAGE = (FOLDER / "README.md").read_text(encoding="utf-8")
CELL = re.compile(r"(?<!\\)\|")


def test_each_row_has_the_cells_of_its_head() -> None:
    written = PAGE.partition(BEGIN)[2].partition(END)[0]
    tables = [part for part in re.split(r"\n\n", written) if part.startswith("|")]
    assert len(tables) == len(TABLES) + 2
    for table in tables:
        head, *rows = table.strip().split("\n")
        cells = len(CELL.findall(head))
        assert [row for row in rows if len(CELL.findall(row)) != cells] == []


def test_every_variable_without_a_type_of_its_own_is_said_to_be_any() -> None:
    text = (FOLDER / "variables.tf").read_text(encoding="utf-8")
    names = re.findall(r'variable "(\w+)" \{\n(?:  .*\n)*?  type\s+= any\n', text)
    assert len(names) == 4
    (said,) = re.findall(r"For that ([^;]*?)\s+are of type `any`", PAGE)
    assert re.findall(r"`(\w+)`", said) == names


def test_a_page_without_the_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="does not have the lines"):
        page("nothing", [], [])
