"""Where a fetched file goes; tests/builder/commands/test_show.py has what is in it."""

from pathlib import Path

import pytest

from tests.builder.commands.conftest import Project, releases


def test_a_file_without_a_name_is_never_written_over(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    releases(project, 1)
    monkeypatch.chdir(tmp_path)

    assert project.run("get", "web").exit_code == 0
    before = Path("web-1.zip").read_bytes()
    again = project.run("get", "web", "zip")
    assert again.exit_code == 1
    assert "there is a web-1.zip already" in again.stderr
    assert Path("web-1.zip").read_bytes() == before


def test_only_what_there_is_can_be_asked_for(project: Project) -> None:
    assert project.run("get", "web", "everything").exit_code == 2
