import pytest

from builder import report


def test_progress_goes_to_stderr_and_an_answer_to_stdout(
    capsys: pytest.CaptureFixture[str],
) -> None:
    report.progress("web")("building")
    report.answer({"b": "2", "a": "1"})

    found = capsys.readouterr()
    assert found.err == "web: building\n"
    assert found.out == '{"a": "1", "b": "2"}\n'
