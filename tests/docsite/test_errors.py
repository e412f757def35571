from __future__ import annotations

import pytest

from docsite.errors import GAP, Found, errors_in, errors_of_code

CALL = "raise SpecError({what}, where='here', fix={fix})"


@pytest.mark.parametrize(
    ("what", "fix", "expected"),
    [
        ("'no such layer'", "'name another'", Found("no such layer", "name another")),
        ("f'no layer {name!r}'", "f'run {x} again'", Found(f"no layer {GAP}", f"run {GAP} again")),
        ("'a' + f'{b}' + c", "'d'", Found(f"a{GAP}{GAP}", "d")),
        ("'a' if one else f'{b} c'", "'d'", Found(f"a / {GAP} c", "d")),
        ("'a'", "computed()", Found("a", "")),
    ],
)
def test_an_error_is_shown_as_it_is_written(what: str, fix: str, expected: Found) -> None:
    assert [*errors_in(CALL.format(what=what, fix=fix))] == [expected]


@pytest.mark.parametrize(
    "call",
    [
        "SpecError(what, fix='a')",
        "SpecError(f'{what}', fix='a')",
        "SpecError('a')",
        "other(fix='a')",
    ],
)
def test_what_says_nothing_to_a_reader_is_left_out(call: str) -> None:
    assert [*errors_in(call)] == []


def test_the_page_has_each_once_and_as_plain_text(errors_page: str) -> None:
    found = errors_of_code()
    assert len(found) == len(set(found)) > 200
    assert found == errors_of_code()
    (snapshot,) = (error for error in found if error.what == "none of the snapshots can be read")
    assert f"| {snapshot.what} | {snapshot.fix} |" in errors_page
    begun = (f"| {error.what.split(GAP)[0]}" for error in found if error.what[:1] == "a")
    assert all(row in errors_page for row in begun)


def test_characters_of_markdown_are_shown_as_they_are(errors_page: str) -> None:
    assert r"\[indexes.NAME\]" in errors_page
