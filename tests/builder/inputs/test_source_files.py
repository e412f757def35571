import os
import socket
from pathlib import Path
from typing import Any

import pytest

from builder.errors import SourceError
from builder.inputs.source_files import (
    FEW_FILES,
    SourceFile,
    read_file,
    source_files,
)
from tests.builder.conftest import ALWAYS, package, spec_of, write_tree


def paths(root: Path, **fields: Any) -> list[str]:
    """Return the input files of a layer of the package src, unless other fields are named."""
    spec = spec_of(
        **(fields if {"package", "requirements"} & set(fields) else {"package": "src", **fields})
    )
    return [file.path for file in source_files(spec, root)]


# What is an input


def test_the_package_is_the_input_and_nothing_beside_it(tmp_path: Path) -> None:
    package(tmp_path)
    write_tree(tmp_path, {"README.md": "", "layers.toml": "", "other/x.py": ""})

    assert paths(tmp_path) == ALWAYS


def test_a_layer_of_dependencies_alone_has_no_files(tmp_path: Path) -> None:
    write_tree(tmp_path, {"x.py": ""})

    assert source_files(spec_of(), tmp_path) == ()


def test_many_files_are_read_as_few_are(tmp_path: Path) -> None:
    package(tmp_path, {f"web/m{n:03}.py": f"x = {n}\n" for n in range(FEW_FILES + 1)})

    many = source_files(spec_of(package="src"), tmp_path)
    few = source_files(spec_of(package="src", exclude=("web/m0[1-9]?.py",)), tmp_path)

    assert len(few) < FEW_FILES < len(many)
    assert set(few) < set(many)
    write_tree(tmp_path, {"src/web/m000.txt": "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n"})
    with pytest.raises(SourceError, match=r"src/web/m000\.txt is a private key"):
        source_files(spec_of(package="src"), tmp_path)


def test_files_come_sorted_by_path_with_digest_and_exec_bit(tmp_path: Path) -> None:
    package(tmp_path, {"run.sh": "#!/bin/sh\n", "web/Z.py": "", "web/a.py": ""})
    (tmp_path / "src/run.sh").chmod(0o755)

    files = source_files(spec_of(package="src"), tmp_path)

    assert list(files) == sorted(files)
    assert (
        SourceFile(
            "src/run.sh", "a8076d3d28d21e02012b20eaf7dbf75409a6277134439025f282e368e3305abf", True
        )
        in files
    )
    assert [file.path for file in files if file.executable] == ["src/run.sh"]


def test_sockets_and_pipes_are_no_input(tmp_path: Path) -> None:
    package(tmp_path)
    os.mkfifo(tmp_path / "src/web/pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        before = Path.cwd()
        os.chdir(tmp_path / "src")  # the name of a socket has 108 bytes at most
        try:
            listener.bind("socket")
        finally:
            os.chdir(before)

        assert paths(tmp_path) == ALWAYS


# Where and how a checkout lies makes no difference


def test_another_path_time_umask_and_order_of_writing_give_the_same_input(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "and over there"
    package(here, {"run.sh": "x", "web/z.txt": "z"})
    (here / "src/run.sh").chmod(0o755)
    for source in sorted(here.rglob("*"), reverse=True):
        copy = there / source.relative_to(here)
        if source.is_dir():
            continue
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(source.read_bytes())
        copy.chmod(0o700 if copy.name == "run.sh" else 0o600)
        os.utime(copy, (1, 1))

    spec = spec_of(package="src")
    assert source_files(spec, here) == source_files(spec, there)


def test_an_exec_bit_for_others_alone_is_none(tmp_path: Path) -> None:
    package(tmp_path)
    (tmp_path / "src/web/app.py").chmod(0o655)

    assert not any(file.executable for file in source_files(spec_of(package="src"), tmp_path))


# Links


def test_a_link_to_a_file_of_the_project_is_its_content(tmp_path: Path) -> None:
    package(tmp_path)
    write_tree(tmp_path, {"LICENSE": "free"})
    (tmp_path / "src/LICENSE").symlink_to("../LICENSE")

    files = source_files(spec_of(package="src"), tmp_path)

    licence = next(file for file in files if file.path == "src/LICENSE")
    assert read_file(tmp_path, licence) == b"free"


@pytest.mark.parametrize(
    ("link", "target", "what"),
    [
        ("src/passwd", "/etc/passwd", "leads out of the project"),
        ("src/up", "../../outside.txt", "leads out of the project"),
        ("src/gone", "nowhere.txt", "there is no 'src/gone'"),
        ("src/folder", "web", "a link to a folder"),
        ("src/loop", "loop", "there is no 'src/loop'"),
    ],
)
def test_a_link_that_cannot_travel_is_refused(
    tmp_path: Path, link: str, target: str, what: str
) -> None:
    package(tmp_path)
    (tmp_path / link).symlink_to(target)

    with pytest.raises(SourceError) as caught:
        paths(tmp_path)

    assert what in caught.value.what
    assert str(tmp_path) in caught.value.where
    assert caught.value.fix


@pytest.mark.parametrize("pattern", ["folder", "folder/"])
def test_a_link_that_is_excluded_is_nobodys_trouble(tmp_path: Path, pattern: str) -> None:
    package(tmp_path)
    (tmp_path / "src/folder").symlink_to("web")

    assert paths(tmp_path, exclude=(pattern,)) == ALWAYS


def test_a_package_behind_a_link_that_leaves_the_project_is_refused(tmp_path: Path) -> None:
    package(tmp_path / "elsewhere")
    (tmp_path / "project").mkdir()
    (tmp_path / "project/src").symlink_to("../elsewhere/src")

    with pytest.raises(SourceError, match="leads out of the project"):
        paths(tmp_path / "project")


def test_a_project_behind_a_link_reads_the_same(tmp_path: Path) -> None:
    package(tmp_path / "project")
    (tmp_path / "link").symlink_to("project")

    assert paths(tmp_path / "link") == ALWAYS


# What cannot be read


def test_a_package_that_is_not_there_is_named_with_where_it_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="there is no 'src'") as caught:
        paths(tmp_path)

    assert str(tmp_path) in caught.value.where


def test_a_file_name_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    package(tmp_path)
    (Path(os.fsdecode(bytes(tmp_path / "src") + b"/caf\xe9.txt"))).write_text("")

    with pytest.raises(SourceError, match="not UTF-8") as caught:
        paths(tmp_path)

    str(caught.value).encode("utf-8")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
@pytest.mark.parametrize("name", ["web/app.py", "web"])
def test_what_may_not_be_read_is_refused(tmp_path: Path, name: str) -> None:
    package(tmp_path)
    (tmp_path / "src" / name).chmod(0)
    try:
        with pytest.raises(SourceError, match="cannot be read"):
            paths(tmp_path)
    finally:
        (tmp_path / "src" / name).chmod(0o700)


def test_a_file_that_changes_under_our_hands_is_noticed(tmp_path: Path) -> None:
    package(tmp_path)
    (file, *_) = source_files(spec_of(package="src"), tmp_path)
    (tmp_path / file.path).write_text("other")

    with pytest.raises(SourceError, match="changed while"):
        read_file(tmp_path, file)


# Requirements files


def test_a_requirements_file_brings_what_it_names(tmp_path: Path) -> None:
    package(tmp_path / "libs/web")
    write_tree(
        tmp_path,
        {
            "deploy/requirements.txt": "-r base.txt\n-c ../constraints.txt\nrich\n",
            "deploy/base.txt": "-e libs/web/src\n./deploy/wheels/x-1-py3-none-any.whl\n",
            "deploy/wheels/x-1-py3-none-any.whl": "",
            "constraints.txt": "rich<15\n",
            "deploy/unrelated.txt": "",
        },
    )

    assert paths(tmp_path, requirements=("deploy/requirements.txt",)) == sorted(
        [
            "constraints.txt",
            "deploy/base.txt",
            "deploy/requirements.txt",
            "deploy/wheels/x-1-py3-none-any.whl",
            *(f"libs/web/{path}" for path in ALWAYS),
        ]
    )


def test_packages_are_looked_for_from_the_root_and_files_from_their_file(tmp_path: Path) -> None:
    package(tmp_path / "lib")
    package(tmp_path / "app/lib")
    write_tree(
        tmp_path,
        {
            "app/requirements.txt": "-r more/nested.txt\n--find-links wheels\n",
            "app/more/nested.txt": "./lib/src\n-c c.txt\n--find-links links\n",
            "app/more/c.txt": "",
            "app/wheels/x.txt": "",
            "links/x.txt": "",
        },
    )

    found = paths(tmp_path, requirements=("app/requirements.txt",))

    assert found == sorted(
        [
            "app/more/c.txt",
            "app/more/nested.txt",
            "app/requirements.txt",
            "app/wheels/x.txt",
            *(f"lib/{path}" for path in ALWAYS),
            "links/x.txt",
        ]
    )


@pytest.mark.parametrize("line", ["./lib", "-e ./lib", "lib/", "lib @ ./lib"])
def test_a_package_that_is_only_beside_its_file_is_refused_with_its_path(
    tmp_path: Path, line: str
) -> None:
    write_tree(tmp_path, {"app/requirements.txt": f"{line}\n", "app/lib/pyproject.toml": ""})

    with pytest.raises(SourceError, match="in the project's root") as caught:
        paths(tmp_path, requirements=("app/requirements.txt",))

    assert caught.value.fix == "write ./app/lib"


def test_requirements_files_may_name_each_other_in_a_circle(tmp_path: Path) -> None:
    write_tree(tmp_path, {"a.txt": "-r b.txt\n", "b.txt": "-r a.txt\n"})

    assert paths(tmp_path, requirements=("a.txt",)) == ["a.txt", "b.txt"]


def test_a_requirements_file_inside_the_package_brings_what_it_names_too(tmp_path: Path) -> None:
    package(tmp_path, {"requirements.txt": "-r ../common.txt\n"})
    write_tree(tmp_path, {"common.txt": "rich\n"})

    both = paths(tmp_path, package="src", requirements=("src/requirements.txt",))

    assert "common.txt" in both


def test_requirements_that_are_named_are_an_input_even_when_ignored(tmp_path: Path) -> None:
    write_tree(tmp_path, {".gitignore": "*.txt\n", "requirements.txt": "rich\n"})

    assert paths(tmp_path, requirements=("requirements.txt",)) == ["requirements.txt"]


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("-r gone.txt", "there is no 'gone.txt'"),
        ("-e ./gone", "there is no 'gone'"),
        ("./gone-1-py3-none-any.whl", "there is no 'gone-1-py3-none-any.whl'"),
        ("-r ../outside.txt", "'../outside.txt' is outside the project"),
        ("-e ../lib", "'../lib' is outside the project"),
        ("-r /etc/requirements.txt", "'/etc/requirements.txt' is outside the project"),
        ("-e /srv/lib", "'/srv/lib' is outside the project"),
    ],
)
def test_a_reference_that_leads_nowhere_is_refused(tmp_path: Path, line: str, what: str) -> None:
    write_tree(tmp_path, {"requirements.txt": f"rich\n{line}\n"})

    with pytest.raises(SourceError) as caught:
        paths(tmp_path, requirements=("requirements.txt",))

    assert caught.value.what == what
    assert "requirements.txt" in caught.value.where + caught.value.expected


def test_the_script_before_the_build_is_an_input_wherever_it_is(tmp_path: Path) -> None:
    package(tmp_path, {".gitignore": "*.sh\n"})
    write_tree(tmp_path, {"tools/set up.sh": "true\n"})
    spec = spec_of(package="src", pre_install="tools/set up.sh", exclude=("*.sh",))

    assert "tools/set up.sh" in [file.path for file in source_files(spec, tmp_path)]
    (tmp_path / "tools" / "set up.sh").unlink()
    with pytest.raises(SourceError, match=r"there is no 'tools/set up\.sh'") as caught:
        source_files(spec, tmp_path)
    assert caught.value.expected == "the script that pre_install names"


@pytest.mark.parametrize("name", ["requirements.txt", "src/pyproject.toml", "more.txt"])
def test_a_password_in_a_url_is_refused_before_it_is_bundled(tmp_path: Path, name: str) -> None:
    package(tmp_path)
    write_tree(tmp_path, {"requirements.txt": "-r more.txt\n", "more.txt": "rich\n"})
    spec = spec_of(package="src", requirements=("requirements.txt",))
    assert source_files(spec, tmp_path)
    with (tmp_path / name).open("a") as file:
        file.write("# --extra-index-url https://ci:hush-hush@a.example/simple\n")

    with pytest.raises(SourceError, match=rf"{name} has a password for a\.example") as caught:
        source_files(spec, tmp_path)

    assert "hush-hush" not in str(caught.value)
    assert "[indexes.NAME]" in caught.value.fix
