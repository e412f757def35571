from io import StringIO

import pytest

from builder.worker.log import Log, counted, human, without_credentials


def test_steps_carry_the_time_since_the_start() -> None:
    stream, times = StringIO(), iter([10.0, 12.34])
    log = Log(stream, clock=lambda: next(times))

    log.step("installing 12 of 40")

    assert stream.getvalue() == "[   2.3s] installing 12 of 40\n"


@pytest.mark.parametrize("verbose", [True, False])
def test_commands_are_shown_in_debug_mode_only(verbose: bool) -> None:
    stream = StringIO()

    Log(stream, verbose=verbose).debug("$ uv --version")

    assert ("uv --version" in stream.getvalue()) is verbose


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (999_949, "999.9 kB"),
        (262_144_000, "262.1 MB"),
    ],
)
def test_sizes_are_written_for_people(size: int, text: str) -> None:
    assert human(size) == text


def test_nouns_follow_their_counts() -> None:
    assert counted(1, "package") == "1 package"
    assert counted(2, "dependency", "dependencies") == "2 dependencies"
    assert counted(3000, "file") == "3,000 files"


def test_credentials_in_urls_are_never_written() -> None:
    stream = StringIO()

    Log(stream, verbose=True).debug("--index-url https://user:secret@example.invalid/simple")

    assert "https://***@example.invalid/simple" in stream.getvalue()
    assert without_credentials("a@b https://x/y@z") == "a@b https://x/y@z"


def test_times_of_the_same_name_are_added() -> None:
    moments = iter([0.0, 1.0, 3.0, 10.0, 10.5])
    log = Log(StringIO(), clock=lambda: next(moments))

    for _ in range(2):
        with log.timed("pack"):
            pass

    assert log.seconds == {"pack": 2.5}
