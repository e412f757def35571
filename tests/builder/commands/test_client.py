import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import hybrid_service
from builder.cli import main
from builder.inputs.source_files import source_files
from tests.builder.conftest import spec_of


def run(*words: str) -> Result:
    return CliRunner().invoke(main, ["client", *words])


def test_the_folder_is_a_package_that_a_layer_can_be_made_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = run("my client")

    assert done.exit_code == 0, done.output
    assert 'package = "my client"' in done.stdout
    found = {f.path for f in source_files(spec_of(package="my client"), tmp_path)}
    theirs = Path(hybrid_service.__file__).parent
    wanted = {f"my client/hybrid_service/{f.relative_to(theirs)}" for f in theirs.rglob("*.py")}
    assert found == {*wanted, "my client/pyproject.toml"}
    said = subprocess.run(
        [sys.executable, "-c", "import hybrid_service as h; print(h.service.__name__, h.__file__)"],
        cwd=tmp_path / "my client", capture_output=True, text=True, check=True, timeout=60,
    ).stdout  # fmt: skip
    assert said.split(None, 1)[0] == "service"
    assert str(tmp_path) in said


def test_it_is_written_again_without_what_an_earlier_version_had(tmp_path: Path) -> None:
    folder = tmp_path / "client"
    assert run(str(folder)).exit_code == 0
    (folder / "hybrid_service" / "gone.py").write_text("")
    (folder / "hybrid_service" / "client.py").write_text("changed")

    assert run(str(folder)).exit_code == 0
    assert not (folder / "hybrid_service" / "gone.py").exists()
    assert "changed" not in (folder / "hybrid_service" / "client.py").read_text()[:20]


@pytest.mark.parametrize(
    "files",
    [
        {"notes.txt": "mine"},
        {"pyproject.toml": '[project]\nname = "mine"\n'},
        {"pyproject.toml": "project = 1\n"},
        {"pyproject.toml": "\x00"},
    ],
)
def test_a_folder_of_others_is_left_alone(files: dict[str, str], tmp_path: Path) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)

    done = run(str(tmp_path))

    assert done.exit_code == 1
    assert "holds something else" in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(files)


def test_a_place_that_cannot_be_written_is_one_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    done = run(str(tmp_path / "file" / "client"))

    assert done.exit_code == 1
    assert "ERROR: the client cannot be written: Not a directory" in done.stderr
