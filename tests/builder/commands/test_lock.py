from pathlib import Path

from tests.builder.commands.conftest import Project


def test_the_lock_of_a_release_is_shown_or_written(project: Project, tmp_path: Path) -> None:
    file = tmp_path / "requirements.lock"

    early = project.run("lock", "web", "-o", str(file))
    assert early.exit_code == 1
    assert "has no release yet" in early.stderr
    assert not file.exists()

    assert project.run("build", "web").exit_code == 0
    shown = project.run("lock", "web")
    assert shown.exit_code == 0
    assert shown.stdout.endswith("made==1\n")
    assert shown.stderr == ""

    written = project.run("lock", "web", "--python", "3.12", "--release", "1", "-o", str(file))
    assert (written.exit_code, written.stdout) == (0, "")
    assert file.read_text() == shown.stdout

    nowhere = project.run("lock", "web", "-o", str(tmp_path / "gone" / "x"))
    assert nowhere.exit_code == 1
    assert "cannot be written: No such file" in nowhere.stderr
