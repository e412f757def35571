"""The input is what git would commit, in whatever form the commit lies there."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from builder.errors import SourceError
from builder.inputs.ignore import Reason
from builder.inputs.source_files import left_out, source_files
from tests.builder.conftest import ALWAYS, package, spec_of, write_tree
from tests.builder.repositories import commit, export, git


def paths(root: Path, **fields: Any) -> list[str]:
    """Return the input files of a layer of the package src, unless another is named."""
    return [file.path for file in source_files(spec_of(**{"package": "src", **fields}), root)]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with tracked files that its ignore files name, and nothing that is not."""
    root = tmp_path / "repository"
    package(
        root,
        {
            "web/model.bin": "m",
            "web/gen/api_pb2.py": "",
            "web/gen/.gitignore": "*.py\n",
            "lib/x.txt": "",
            "run.sh": "#!/bin/sh\n",
        },
    )
    write_tree(root, {".gitignore": "*.bin\nlib/\n"})
    (root / "src/run.sh").chmod(0o755)
    commit(root, "src/web/model.bin", "src/web/gen/api_pb2.py", "src/lib/x.txt")
    return root


TRACKED = sorted(
    [
        *ALWAYS,
        "src/lib/x.txt",
        "src/run.sh",
        "src/web/gen/.gitignore",
        "src/web/gen/api_pb2.py",
        "src/web/model.bin",
    ]
)


def test_tracked_files_are_an_input_whatever_ignore_files_say(repository: Path) -> None:
    assert paths(repository) == TRACKED


def test_new_files_are_an_input_unless_they_are_ignored(repository: Path) -> None:
    write_tree(repository, {"src/new.py": "", "src/new.bin": "", "src/lib/new.txt": ""})

    assert paths(repository) == sorted([*TRACKED, "src/new.py"])


def test_every_form_of_a_commit_has_the_same_input(repository: Path, tmp_path: Path) -> None:
    git(repository, "worktree", "add", "--quiet", "../worktree")
    git(repository, "clone", "--quiet", ".", "../clone")
    git(repository, "clone", "--quiet", "--depth", "1", f"file://{repository}", "../shallow")
    export(repository, tmp_path / "archive")
    spec = spec_of(package="src")

    forms = ("repository", "worktree", "clone", "shallow", "archive")
    found = [source_files(spec, tmp_path / form) for form in forms]

    assert [file.path for file in found[0]] == TRACKED
    assert all(other == found[0] for other in found)


@pytest.fixture
def submodules(tmp_path: Path) -> Path:
    """A repository with a submodule in its package, that has a submodule in turn."""
    inner, middle, outer = (tmp_path / name for name in ("inner", "middle", "outer"))
    write_tree(inner, {"deep.bin": "", "deep.py": ""})
    write_tree(middle, {"__init__.py": "", "data.bin": "", ".gitignore": "*.tmp\n", "x.tmp": ""})
    package(outer)
    write_tree(outer, {".gitignore": "*.bin\n"})
    commit(inner)
    commit(middle)
    git(middle, "submodule", "--quiet", "add", str(inner), "inner")
    commit(middle)
    commit(outer)
    git(outer, "submodule", "--quiet", "add", str(middle), "src/web/vendored")
    git(outer, "submodule", "--quiet", "update", "--init", "--recursive")
    commit(outer)
    return outer


VENDORED = sorted(
    [
        *ALWAYS,
        "src/web/vendored/.gitignore",
        "src/web/vendored/.gitmodules",
        "src/web/vendored/__init__.py",
        "src/web/vendored/data.bin",
        "src/web/vendored/inner/deep.bin",
        "src/web/vendored/inner/deep.py",
    ]
)


def test_a_submodule_is_an_input_by_its_own_ignore_files(submodules: Path, tmp_path: Path) -> None:
    write_tree(submodules, {"src/web/vendored/y.tmp": "", "src/web/vendored/new.bin": ""})
    git(submodules, "clone", "--quiet", "--recurse-submodules", ".", "../clone")

    assert paths(submodules) == sorted([*VENDORED, "src/web/vendored/new.bin"])
    assert paths(tmp_path / "clone") == VENDORED


def test_a_package_in_a_submodule_is_that_repositorys(submodules: Path) -> None:
    assert "src/web/vendored/data.bin" in paths(submodules, package="src/web/vendored")


def test_archives_of_a_commit_and_its_submodules_have_the_same_input(
    submodules: Path, tmp_path: Path
) -> None:
    archive = export(submodules, tmp_path / "archive")
    for place in ("src/web/vendored", "src/web/vendored/inner"):
        (archive / place).rmdir()
        export(submodules / place, archive / place)

    assert paths(archive) == paths(submodules) == VENDORED


@pytest.mark.parametrize("form", ["clone", "archive"])
def test_a_submodule_that_is_not_checked_out_is_refused_unless_it_is_excluded(
    submodules: Path, tmp_path: Path, form: str
) -> None:
    git(submodules, "clone", "--quiet", ".", "../clone")
    export(submodules, tmp_path / "archive")

    with pytest.raises(SourceError, match="the submodule web/vendored is not checked") as caught:
        paths(tmp_path / form)

    assert "git submodule update --init" in caught.value.fix
    assert paths(tmp_path / form, exclude=("vendored/",)) == ALWAYS


def test_a_clone_inside_that_is_no_submodule_is_an_input(repository: Path) -> None:
    write_tree(repository, {"src/web/clone/a.py": "", "src/web/clone/b.bin": ""})
    commit(repository / "src/web/clone")

    assert {"src/web/clone/a.py", "src/web/clone/b.bin"} <= set(paths(repository))


def test_a_folder_of_a_repository_is_a_project_too(repository: Path) -> None:
    assert paths(repository / "src", package=".") == [path.removeprefix("src/") for path in TRACKED]


def test_a_package_whose_folder_is_a_link_is_what_it_links_to(repository: Path) -> None:
    (repository / "here").symlink_to("src")

    assert paths(repository, package="here") == [f"here{path[3:]}" for path in TRACKED]


# What git and the file system disagree about


def test_a_tracked_file_that_is_deleted_is_no_input(repository: Path) -> None:
    (repository / "src/web/model.bin").unlink()
    shutil.rmtree(repository / "src/lib")

    assert paths(repository) == sorted(set(TRACKED) - {"src/web/model.bin", "src/lib/x.txt"})


def test_a_folder_that_became_a_link_has_no_tracked_files_any_more(repository: Path) -> None:
    shutil.rmtree(repository / "src/lib")
    write_tree(repository, {"elsewhere/x.txt": ""})
    (repository / "src/lib").symlink_to("../elsewhere")

    # The pattern lib/ is for folders, and to git a link is none: it is new, and not ignored.
    with pytest.raises(SourceError, match="src/lib is a link to a folder"):
        paths(repository)


def test_a_file_that_became_a_folder_is_that_folder(repository: Path) -> None:
    (repository / "src/run.sh").unlink()
    write_tree(repository, {"src/run.sh/x.sh": ""})

    assert "src/run.sh/x.sh" in paths(repository)
    assert "src/run.sh" not in paths(repository)


def test_a_merge_that_is_not_finished_lists_each_file_once(repository: Path) -> None:
    git(repository, "checkout", "--quiet", "-b", "other")
    write_tree(repository, {"src/web/app.py": "x = 2\n"})
    commit(repository)
    git(repository, "checkout", "--quiet", "-")
    write_tree(repository, {"src/web/app.py": "x = 3\n"})
    commit(repository)
    with pytest.raises(Exception, match="non-zero exit status"):
        git(repository, "merge", "other")

    assert paths(repository) == TRACKED


@pytest.mark.parametrize("words", [("--cone", "src/web"), ("--no-cone", "/*", "!src/lib/")])
def test_a_sparse_checkout_that_lacks_files_of_the_package_is_refused(
    repository: Path, words: tuple[str, ...]
) -> None:
    git(repository, "sparse-checkout", "set", *words)

    with pytest.raises(SourceError, match="is tracked, and not checked out") as caught:
        paths(repository)

    assert "sparse" in caught.value.expected + caught.value.fix
    assert "src/lib/x.txt" not in paths(repository, exclude=("lib",))


def test_a_sparse_checkout_that_has_all_of_the_package_is_fine(repository: Path) -> None:
    write_tree(repository, {"docs/x.md": ""})
    commit(repository)
    git(repository, "sparse-checkout", "set", "src")

    assert not (repository / "docs").exists()
    assert paths(repository) == TRACKED


def test_files_that_git_is_to_take_for_unchanged_are_an_input(repository: Path) -> None:
    git(repository, "update-index", "--assume-unchanged", "src/web/app.py")
    git(repository, "update-index", "--skip-worktree", "src/run.sh")

    assert paths(repository) == TRACKED


def test_odd_names_are_read_as_they_are(repository: Path) -> None:
    names = ["src/web/a\nb.bin", "src/web/ -x\t.bin", 'src/web/"größe".bin', "src/web/[ab]*.bin"]
    write_tree(repository, dict.fromkeys(names, ""))
    commit(repository, *(f":(literal){name}" for name in names))

    assert set(names) <= set(paths(repository))


def test_a_package_whose_name_is_a_pattern_is_that_folder_alone(repository: Path) -> None:
    shutil.copytree(repository / "src", repository / "s*")
    commit(repository)

    assert {path.split("/")[0] for path in paths(repository, package="s*")} == {"s*"}


def test_a_tracked_name_that_is_not_utf8_is_refused_unless_it_is_excluded(
    repository: Path,
) -> None:
    Path(os.fsdecode(bytes(repository / "src") + b"/caf\xe9.txt")).write_text("")
    commit(repository)

    with pytest.raises(SourceError, match="not UTF-8"):
        paths(repository)
    assert paths(repository, exclude=("caf*",)) == TRACKED


POINTER = (
    "version https://git-lfs.github.com/spec/v1\n"
    "oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n"
)


def test_what_stands_for_a_file_in_git_lfs_is_refused_unless_it_is_excluded(
    repository: Path,
) -> None:
    write_tree(repository, {"src/web/model.bin": POINTER})

    with pytest.raises(SourceError, match=r"src/web/model\.bin is not here") as caught:
        paths(repository)

    assert "git lfs pull" in caught.value.fix
    assert "src/web/model.bin" not in paths(repository, exclude=("*.bin",))


# exclude goes before git


@pytest.mark.parametrize(
    ("exclude", "taken"),
    [
        (["!new_pb2.py"], {"src/web/gen/new_pb2.py"}),
        (["!/web/gen/new_pb2.py"], {"src/web/gen/new_pb2.py"}),
        (["!*.py"], {"src/web/gen/new_pb2.py", "src/lib/deep/x.py", "src/out/x.py"}),
        (["*.py", "!new_pb2.py"], {"src/web/gen/new_pb2.py"}),
        (["!lib/"], {"src/lib/new.txt", "src/lib/deep/x.py"}),
        (["!lib/deep/*"], {"src/lib/deep/x.py"}),
        (["!lib/", "*.txt"], {"src/lib/deep/x.py"}),
        (["!lib/**", "deep/"], {"src/lib/new.txt"}),
        (["!out/"], {"src/out/x.py"}),
        # These take back what exclude itself leaves out, not what git does.
        (["/*", "!/web/", "!/lib/x.txt"], set()),
        (["lib/", "!lib/deep/x.py"], set()),
    ],
)
def test_exclude_takes_back_what_git_ignores(
    repository: Path, exclude: list[str], taken: set[str]
) -> None:
    new = ["web/gen/new_pb2.py", "lib/new.txt", "lib/deep/x.py", "out/x.py", "out/__pycache__/y"]
    write_tree(repository, {f"src/{name}": "" for name in new})
    write_tree(repository, {"src/.gitignore": "out/\n"})

    assert set(paths(repository, exclude=tuple(exclude))) - set(TRACKED) == {
        *taken,
        *(set() if "/*" in exclude else {"src/.gitignore"}),
    }


def test_exclude_takes_back_what_a_submodule_ignores(submodules: Path) -> None:
    write_tree(submodules, {"src/web/vendored/y.tmp": ""})

    assert "src/web/vendored/y.tmp" in paths(submodules, exclude=("!y.tmp",))


def test_exclude_leaves_out_tracked_files_and_takes_back_rubbish(repository: Path) -> None:
    write_tree(repository, {"src/build/lib/x.py": "", "src/example.tfstate": "{}"})

    found = paths(repository, exclude=("*.sh", "!example.tfstate", "!/build/lib/"))

    assert "src/run.sh" not in found
    assert {"src/example.tfstate", "src/build/lib/x.py"} <= set(found)


def test_what_is_left_out_is_named_with_the_reason(repository: Path) -> None:
    write_tree(
        repository,
        {
            "src/new.bin": "",
            "src/lib/new.txt": "",
            "src/out/deep/x.py": "",
            "src/web/__pycache__/app.pyc": "",
            "src/.gitignore": "/out\n",
        },
    )

    assert left_out(spec_of(package="src", exclude=("run.*",)), repository) == {
        "src/lib/new.txt": Reason.GIT,
        "src/new.bin": Reason.GIT,
        "src/out/": Reason.GIT,
        "src/run.sh": Reason.EXCLUDE,
        "src/web/__pycache__/": Reason.NEVER,
    }
