"""Differences are found, and reviewed ones are data."""

from collections import Counter
from pathlib import Path

import pytest

from conformance import compare
from conformance.compare import Difference, Reviewed

ENTRY = """
[[difference]]
kind = "state"
where = "{where}"
what = "{what}"
why = "for a test"
"""


def reviewed(folder: Path, where: str, what: str) -> Reviewed:
    file = folder / "differences.toml"
    file.write_text(ENTRY.format(where=where, what=what))
    return Reviewed.load(file)


def test_calls_are_compared_by_count() -> None:
    found = list(compare.writes("apply", Counter(a=1, b=2), Counter(b=1, c=3)))
    assert [(d.what, d.ours, d.theirs) for d in found] == [("a", 1, 0), ("b", 2, 1), ("c", 0, 3)]


def test_addresses_are_compared_as_both_have_them() -> None:
    theirs = {"aws_s3_bucket_object.a": ["update"]}
    ours = {"aws_s3_object.a": ["update"], "aws_s3_bucket_versioning.v": ["create"]}
    assert compare.shared(theirs) == compare.shared(ours) == {"aws_s3_object.a": ["update"]}


def test_only_attributes_of_both_are_compared() -> None:
    found = list(compare.attributes("state", "aws_x", {"a": 1, "b": 2}, {"b": 3, "c": 4}))
    assert found == [Difference("state", "aws_x", "b", 2, 3)]


@pytest.mark.parametrize(("where", "what"), [("aws_x", "b"), ("*", "b"), ("aws_x", "*")])
def test_an_entry_is_about_what_it_names(tmp_path: Path, where: str, what: str) -> None:
    difference = Difference("state", "aws_x", "b", 2, 3)
    other = Difference("unknown", "aws_x", "b", 2, 3)
    known = reviewed(tmp_path, where, what)
    assert known.unknown([difference, other]) == [other]
    assert known.unneeded([difference]) == []
    assert len(known.unneeded([other])) == 1


def test_every_reviewed_difference_has_a_reason() -> None:
    for entry in Reviewed.load().entries:
        assert set(entry) == {"kind", "where", "what", "why"}
        assert len(entry["why"]) > 10


def test_what_a_hook_or_the_publisher_writes_is_not_the_providers() -> None:
    one = Counter({"lambda:PublishLayerVersion": 1, "s3:PutObject approved": 1})
    other = Counter({"s3:PutObject": 1, "s3:PutObject approved": 2})
    assert [d.what for d in compare.writes("apply", one, other)] == ["s3:PutObject approved"]
