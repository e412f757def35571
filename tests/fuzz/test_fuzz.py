"""Readers of documents take theirs, and refuse everything else with an error for people."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from tests.fuzz import mutations
from tests.fuzz.parsers import PARSERS, Parser

CRASHES = Path(__file__).with_name("crashes")
EXAMPLES = 40
"""Changed documents for each reader and each way to change them; `make fuzz` tries many more."""


@pytest.mark.parametrize("name", PARSERS)
def test_a_reader_takes_the_document_that_the_others_are_made_of(name: str, tmp_path: Path) -> None:
    PARSERS[name].run(PARSERS[name].content, tmp_path)


@pytest.mark.parametrize("crash", sorted(CRASHES.glob("*/*")), ids=lambda p: p.parent.name + p.name)
def test_what_once_ended_in_a_traceback_is_refused(crash: Path, tmp_path: Path) -> None:
    PARSERS[crash.parent.name].survives(crash.read_bytes(), tmp_path)


@pytest.mark.parametrize("name", PARSERS)
def test_changed_bytes_end_in_no_traceback(name: str) -> None:
    parser = PARSERS[name]
    attack(parser, mutations.contents(parser.content), EXAMPLES)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name, parser in PARSERS.items() if parser.document])
def test_changed_values_end_in_no_traceback(name: str) -> None:
    parser = PARSERS[name]
    attack(parser, structured(parser), EXAMPLES)


def structured(parser: Parser) -> st.SearchStrategy[bytes]:
    """Return the parser's document with changed values, written as JSON or TOML."""
    write = mutations.as_json if parser.seed.endswith(".json") else mutations.as_toml
    return mutations.documents(parser.document).map(write)


def attack(parser: Parser, documents: st.SearchStrategy[bytes], examples: int, of: int = 0) -> None:
    """Give a reader documents; the same ones for the same number ``of``."""

    @seed(of)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(documents)
    def run(content: bytes) -> None:
        with tempfile.TemporaryDirectory() as folder:
            parser.survives(content, Path(folder))

    run()
