import sys
from pathlib import Path

import pytest

from bench import field

PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"


def test_the_interpreters_of_this_machine_are_found_by_their_versions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "3.98.1" / "bin").mkdir(parents=True)
    (tmp_path / "versions").symlink_to(tmp_path)
    kept = tmp_path / "3.98.1" / "bin" / "python3.98"
    kept.symlink_to(sys.executable)
    (tmp_path / f"python{PYTHON}").symlink_to(sys.executable)
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))

    found = list(field.interpreters(["3.98", PYTHON, "3.99"]))

    assert found == [
        ("3.98", str(tmp_path / "versions" / "3.98.1" / "bin" / "python3.98")),
        (PYTHON, str(tmp_path / f"python{PYTHON}")),
    ]


@pytest.mark.slow
def test_a_layer_that_works_and_one_that_is_refused() -> None:
    works = field.check("web", ("six", "ruamel.yaml"), PYTHON, sys.executable)
    refused = field.check("shadow", ("dataclasses",), PYTHON, sys.executable)

    assert (works.verdict, works.detail) == ("works", "")
    assert works.size > 100_000
    assert refused.verdict == "refused"
    assert "would take the place of Python's own" in refused.detail
