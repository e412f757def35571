"""Every byte of every document that crosses a border, changed or cut off: no traceback."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from builder.builds.artifact import parse_manifest
from builder.errors import LayerError
from builder.inputs.fingerprint import Inputs
from builder.layer.record import Record
from builder.layer.token import Token
from builder.query import Query
from builder.spec.layer_spec import LayerSpec
from tests.fuzz import every_byte
from tests.fuzz.parsers import ERRORS, PARSERS


@pytest.mark.slow
@pytest.mark.parametrize("name", PARSERS)
def test_no_byte_is_one_that_a_reader_breaks_on(name: str, tmp_path: Path) -> None:
    parser = PARSERS[name]
    for content in every_byte.quick(parser.content):
        try:
            parser.survives(content, tmp_path)
        except Exception as error:
            raise AssertionError(f"{type(error).__name__} for {content!r}") from error


READ_AND_WRITTEN: dict[str, Callable[[str], str | None]] = {
    "record": lambda text: Record.from_json(text, "here").to_json(),
    "spec": lambda text: LayerSpec.from_json(text).to_json(),
    "token": lambda text: str(found) if (found := Token.parse(text)) else None,
}


@pytest.mark.slow
@pytest.mark.parametrize("name", READ_AND_WRITTEN)
def test_what_is_read_is_what_is_written_again(name: str) -> None:
    """A document that is taken in spite of a changed byte means what it says."""
    again = READ_AND_WRITTEN[name]
    taken = 0
    for content in every_byte.quick(PARSERS[name].content):
        try:
            written = again(content.decode("utf-8", "replace"))
        except LayerError:
            continue
        if written is not None:
            taken += 1
            assert again(written) == written
    assert taken, "no changed document was taken: it compared nothing"


CUT: dict[str, Callable[[bytes], object]] = {
    "record": lambda content: Record.from_json(content.decode("utf-8", "replace"), "here"),
    "manifest": lambda content: parse_manifest(content, "here"),
    "inputs": lambda content: Inputs.from_json(content.decode("utf-8", "replace")),
    "query": lambda content: Query.parse(content.decode("utf-8", "replace")),
    "token": lambda content: Token.parse(content.decode("utf-8", "replace")),
}


@pytest.mark.parametrize("name", CUT)
def test_a_document_that_was_cut_off_is_never_taken_for_a_whole_one(name: str) -> None:
    content = PARSERS[name].content.rstrip()
    taken = []
    for place in range(len(content)):
        try:
            found = CUT[name](content[:place])
        except ERRORS:
            continue
        if found is not None:
            taken.append(content[:place])
    # A token's number has no end of its own: what writes it replaces the whole object.
    assert taken == ([content[:-1]] if name == "token" else [])
