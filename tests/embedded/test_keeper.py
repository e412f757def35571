"""What the keeper of a program costs and tells; what it ends is tested in test_leash.py."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from embedded import keeper, leash
from tests.patience import PATIENCE

HEAVY = {"json", "re", "subprocess", "pathlib", "typing", "contextlib"}


def test_it_is_started_so_often_that_it_imports_little() -> None:
    folder = Path(keeper.__file__).parent
    code = f"import sys; sys.path.append({str(folder)!r}); import keeper; print(*sys.modules)"
    said = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code],
        capture_output=True, text=True, check=True, timeout=PATIENCE,
    )  # fmt: skip
    assert set(said.stdout.split()) & HEAVY == set()


def test_signals_that_python_ignores_are_the_programs_own_matter(tmp_path: Path) -> None:
    child = leash.start(["grep", "SigIgn", "/proc/self/status"], output=tmp_path / "log")
    assert child.wait(PATIENCE) == 0
    ignored = int((tmp_path / "log").read_text().split()[1], 16)
    assert [n for n in (signal.SIGPIPE, signal.SIGXFSZ) if ignored >> (n - 1) & 1] == []


def test_an_error_of_the_folder_is_an_error_of_start(tmp_path: Path) -> None:
    with pytest.raises(NotADirectoryError, match="true"):
        leash.start(["true"], cwd=Path(__file__))
    with pytest.raises(PermissionError):
        leash.start([tmp_path])


def test_a_program_has_no_descriptors_but_those_it_was_given(tmp_path: Path) -> None:
    with (tmp_path / "given").open("wb") as given:
        number = given.fileno()
        child = leash.start(["ls", "/proc/self/fd"], output=tmp_path / "log", pass_fds=[number])
        assert child.wait(PATIENCE) == 0
    seen = {int(name) for name in (tmp_path / "log").read_text().split()}
    others = seen - {0, 1, 2, number}
    assert len(others) == 1, f"that of the listing itself is one of {others}"
