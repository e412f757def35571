import logging
import re
from collections.abc import Iterator

import pytest

from builder.report.debug import show_decisions

log = logging.getLogger("builder.release.plan")


@pytest.fixture(autouse=True)
def _quiet_again() -> Iterator[None]:
    yield
    show_decisions(debug=False)


def test_decisions_are_shown_on_stderr_with_their_time(capsys: pytest.CaptureFixture[str]) -> None:
    show_decisions(debug=True)
    log.debug("web: %s", "stale")

    said = capsys.readouterr()
    assert said.out == ""
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z builder\.release\.plan: web: stale\n", said.err
    )


def test_they_are_shown_once_and_only_in_debug_mode(capsys: pytest.CaptureFixture[str]) -> None:
    show_decisions(debug=True)
    show_decisions(debug=True)
    log.debug("once")
    show_decisions(debug=False)
    log.debug("never")

    assert [line.split()[-1] for line in capsys.readouterr().err.splitlines()] == ["once"]


def test_verbose_shows_decisions_without_the_calls_to_aws(
    capsys: pytest.CaptureFixture[str],
) -> None:
    show_decisions(debug=False, verbose=True)
    log.debug("decided")
    logging.getLogger("builder.aws.session").debug("asked")

    assert [line.split()[-1] for line in capsys.readouterr().err.splitlines()] == ["decided"]


def test_other_libraries_are_not_heard(capsys: pytest.CaptureFixture[str]) -> None:
    show_decisions(debug=True)
    logging.getLogger("botocore").debug("a whole request")

    assert capsys.readouterr().err == ""
