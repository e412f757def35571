import click
import pytest

from builder.commands.duration import seconds


def read(unit: str, written: str) -> float:
    option = click.Option(["--for"])
    return seconds(unit)(click.Context(click.Command("wait")), option, written)


@pytest.mark.parametrize(
    ("unit", "written", "expected"),
    [
        *[(unit, "90s", 90.0) for unit in "smh"],
        *[(unit, "5m", 300.0) for unit in "smh"],
        ("s", "1.5h", 5400.0),
        ("s", "600", 600.0),
        ("m", "20", 1200.0),
        ("m", "0.01", 0.6),
        ("s", "0", 0.0),
    ],
)
def test_a_duration_has_a_unit_or_the_options_own(unit: str, written: str, expected: float) -> None:
    assert read(unit, written) == pytest.approx(expected)


@pytest.mark.parametrize(
    "written",
    ["", "m", "5 m", "-5m", "5d", "5M", "1e9", "inf", "nan", "1m30s", "٣s", "9" * 10, "5m\n"],
)
def test_another_word_is_refused_with_what_to_write(written: str) -> None:
    with pytest.raises(click.BadParameter, match="write for example 90s, 5m or 1h"):
        read("s", written)
