"""git is asked once, about the repository that is there, whatever the process was started in."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from builder.errors import SourceError
from builder.inputs.git import Listing, repository_of
from builder.inputs.source_files import source_files
from tests.builder.conftest import ALWAYS, package, spec_of, write_tree
from tests.builder.repositories import commit, git
from tests.patience import PATIENCE


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with a tracked file that is ignored."""
    root = package(tmp_path / "repository", {"web/x.bin": ""})
    write_tree(root, {".gitignore": "*.bin\n"})
    commit(root, "src/web/x.bin")
    return root


WITH_IGNORED = sorted([*ALWAYS, "src/web/x.bin"])


def paths(root: Path) -> list[str]:
    return [file.path for file in source_files(spec_of(package="src"), root)]


def test_variables_of_another_repository_do_not_mislead(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = write_tree(tmp_path / "other", {"src/other.py": ""})
    commit(other)
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other / ".git/index"))
    monkeypatch.setenv("GIT_PREFIX", "src/")
    monkeypatch.setenv("GIT_GLOB_PATHSPECS", "1")

    assert paths(repository) == WITH_IGNORED


@pytest.mark.slow
def test_a_hook_of_git_sees_the_files_that_are_there(repository: Path) -> None:
    # `git commit --all` gives its hook an index file of its own, and GIT_DIR.
    hook, here = repository / ".git/hooks/pre-commit", Path(__file__).parents[3]
    seen = repository / ".git/seen"
    hook.write_text(
        f'#!/bin/sh\nPYTHONPATH="{here}" exec "{sys.executable}" -c "'
        "from pathlib import Path; from tests.builder.inputs.test_git import paths\n"
        f"Path('{seen}').write_text(' '.join(paths(Path.cwd())))\"\n"
    )
    hook.chmod(0o755)
    write_tree(repository, {"src/web/new.py": "", "src/web/app.py": "changed"})

    git(repository, "commit", "--quiet", "--all", "--message", "by a hook")

    assert seen.read_text().split() == sorted([*WITH_IGNORED, "src/web/new.py"])


def test_lists_of_this_machine_say_nothing_about_tracked_files(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_tree(repository, {"src/notes.txt": "", "src/scratch.md": ""})
    write_tree(repository, {".git/info/exclude": "*.py\nnotes.txt\n"})
    write_tree(tmp_path, {"home/.gitconfig": f"[core]\nexcludesFile = {tmp_path}/ignore\n"})
    write_tree(tmp_path, {"ignore": "*.toml\nscratch.md\n"})
    monkeypatch.setenv("HOME", str(tmp_path / "home"))

    # What is new and ignored here would not be committed, and so another machine has no such file.
    assert paths(repository) == WITH_IGNORED


def test_without_git_a_repository_is_refused(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(SourceError, match="git cannot be run") as caught:
        paths(repository)

    assert "install git" in caught.value.fix
    assert paths(package(tmp_path / "no repository")) == ALWAYS


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_a_repository_of_another_user_is_refused_with_gits_own_remedy(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path in (repository, repository / ".git"):
        os.chown(path, 12345, 12345)
    monkeypatch.setenv("HOME", str(tmp_path))

    with pytest.raises(SourceError, match="belongs to another user") as caught:
        paths(repository)

    assert caught.value.fix == f"git config --global --add safe.directory {repository}"
    subprocess.run(caught.value.fix.split(), check=True, timeout=PATIENCE)
    assert paths(repository) == WITH_IGNORED


def test_a_worktree_whose_repository_is_gone_is_refused(repository: Path, tmp_path: Path) -> None:
    git(repository, "worktree", "add", "--quiet", "../worktree")
    (repository / ".git").rename(tmp_path / "gone")

    with pytest.raises(SourceError, match="git cannot list the project's files") as caught:
        paths(tmp_path / "worktree")

    assert "not a git repository" in caught.value.where


def test_a_git_folder_that_is_none_is_passed_over_as_git_does(repository: Path) -> None:
    write_tree(repository, {"src/.git/": ""})

    assert repository_of(repository / "src") == repository
    assert paths(repository) == WITH_IGNORED


def test_several_folders_of_a_repository_are_read_by_one_process(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_tree(repository, {"libs/a/a.py": "", "libs/b/b.py": ""})
    write_tree(
        tmp_path,
        {"bin/git": f'#!/bin/sh\necho >> {tmp_path}/calls\nexec "$REAL" "$@"\n'},
    )
    real = shutil.which("git") or ""
    (tmp_path / "bin/git").chmod(0o755)
    monkeypatch.setenv("REAL", real)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")

    listing = Listing([repository / "libs/a", repository / "src", repository / "libs/b"])

    below = listing.below(repository / "libs/b")
    assert below is not None
    assert [entry.path for entry in below] == ["b.py"]
    assert (tmp_path / "calls").read_text() == "\n"


def test_planning_writes_nothing_into_the_repository(repository: Path) -> None:
    os.utime(repository / "src/web/app.py", (1, 1))  # git status would refresh the index
    before = {path: path.stat().st_mtime_ns for path in (repository / ".git").rglob("*")}

    assert paths(repository) == WITH_IGNORED

    assert {path: path.stat().st_mtime_ns for path in (repository / ".git").rglob("*")} == before
