from collections.abc import Iterator

from builder.operations.log_part import WHOLE, LogPart


def test_without_a_wish_all_lines_are_there() -> None:
    assert list(WHOLE.of(["a", None, "b"])) == ["a", "b"]


def test_the_last_lines_are_those_that_are_there_now_and_all_that_come_later() -> None:
    assert list(LogPart(tail=2).of(["a", "b", "c"])) == ["b", "c"]
    assert list(LogPart(tail=1).of(["a", "b", None, "c", None, "d"])) == ["b", "c", "d"]
    assert list(LogPart(tail=0).of(["a", None, "b"])) == ["b"]


def test_a_text_is_looked_for_before_lines_are_counted() -> None:
    lines = ["ERROR: one", "fine", "an error", "fine"]

    assert list(LogPart(tail=1, text="Error").of(lines)) == ["an error"]
    assert list(LogPart(text="[E").of(lines)) == []


def test_what_comes_is_handed_on_at_once() -> None:
    def endless() -> Iterator[str | None]:
        yield "before"
        yield None
        yield "now"
        raise AssertionError("nobody asked for more")

    found = LogPart(tail=5).of(endless())
    assert [next(found), next(found)] == ["before", "now"]
