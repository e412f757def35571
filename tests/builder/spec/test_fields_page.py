from pathlib import Path

import pytest

from builder.spec.field import Place
from builder.spec.fields import FIELDS, fields_in
from builder.spec.fields_page import BEGIN, END, page, tables

DOCS = Path(__file__).parents[3] / "docs"


def test_the_page_shows_the_table_of_fields() -> None:
    text = (DOCS / "layers-toml.md").read_text(encoding="utf-8")

    assert page(text) == text, "docs/layers-toml.md is stale: run `make docs`"


def test_what_is_around_the_tables_stays() -> None:
    old = f"before\n{BEGIN}stale\n{END}after\n"

    assert page(old) == f"before\n{BEGIN}{tables()}{END}after\n"


@pytest.mark.parametrize("text", ["", BEGIN, END, END + BEGIN])
def test_a_page_without_its_marks_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="does not have the lines"):
        page(text)


def test_every_key_but_the_tables_themselves_has_a_line_of_as_many_cells() -> None:
    lines = tables().splitlines()
    rows: dict[Place, list[str]] = {place: [] for place in Place}
    for line in lines:
        if line.startswith("## "):
            place = Place(line[3:])
        elif line.startswith("| `"):
            rows[place].append(line)

    for place, found in rows.items():
        shown = () if place in (Place.FILE, Place.DEFAULTS) else fields_in(place)
        assert [line[3:].split(" = ")[0] for line in found] == list(shown)
    assert len({line.count("|") for line in rows[Place.LAYER]}) == 1


def test_pages_that_it_refers_to_are_there() -> None:
    links = [word for field in FIELDS for word in field.text.replace("(", " ").split(" ")]
    pages = {link.partition(".md")[0] + ".md" for link in links if ".md" in link}

    assert {name.strip("[") for name in pages if not (DOCS / name.strip("[")).is_file()} == set()
