"""uv gets what pip would make of a requirements file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from builder.worker.resolve import requirements_text
from builder.worker.resolve.requirements_text import decode, rewrite

if TYPE_CHECKING:
    from tests.worker.conftest import MakeBundle, MakeWheel


def test_files_that_are_named_are_written_anew_too(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes("-r b.txt\r\n".encode("utf-16"))
    (tmp_path / "b.txt").write_bytes(b"# coding: latin-1\n-c a.txt\nsi\\\nx # \xe9\n")

    rewrite([tmp_path / "a.txt"])

    assert (tmp_path / "a.txt").read_text("utf-8") == "-r b.txt\n"
    assert (tmp_path / "b.txt").read_text("utf-8") == "# coding: latin-1\n-c a.txt\nsix # é\n"


def test_utf16_without_a_mark_is_no_text() -> None:
    with pytest.raises(ValueError, match="NUL"):
        decode("six\n".encode("utf-16-le"))


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["utf-16", "latin-1"])
def test_a_layer_of_a_file_in_another_encoding_with_a_line_that_goes_on(
    make_bundle: MakeBundle, make_wheel: MakeWheel, encoding: str
) -> None:
    bundle = make_bundle(requirements=["reqs/requirements.txt"])
    project = bundle.path / "project"
    make_wheel(project / "reqs" / "links", "ours")
    text = "# coding: latin-1\n# größe\n--no-index\n--find-links links\n"
    text += 'ours ; python_version \\\n>= "3.0"\n'
    (project / "reqs" / "requirements.txt").write_bytes(text.encode(encoding))

    result = bundle.run()

    assert result.status == 0, result.errors
    assert "python/ours/__init__.py" in result.names


def test_where_requirements_look_is_found_in_all_their_files(tmp_path: Path) -> None:
    (tmp_path / "deep" / "wheels").mkdir(parents=True)
    (tmp_path / "all.txt").write_text("--no-index\n-r deep/more.txt\nsix\n")
    (tmp_path / "deep" / "more.txt").write_text(
        "-f wheels\n--index-url=https://h/packages\n-fgone\n"
    )

    assert requirements_text.options([tmp_path / "all.txt"]) == [
        ("--no-index", "--no-index"),
        ("-f wheels", f"-f {tmp_path}/deep/wheels"),
        ("--index-url=https://h/packages", "--index-url=https://h/packages"),
    ]


def test_an_option_of_any_of_the_files_is_seen(tmp_path: Path) -> None:
    (tmp_path / "all.txt").write_text("-r more.txt\nsix\n")
    (tmp_path / "more.txt").write_text("--no-bin\\\nary idna\n")

    assert requirements_text.says([tmp_path / "all.txt"], "--no-binary")
    assert not requirements_text.says([tmp_path / "all.txt"], "--only-binary")


def test_files_that_name_each_other_by_way_of_their_folder_are_read_once(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "a.txt").write_text("-r ../deep/a.txt\n-c ../b.txt\nsix\n")
    (tmp_path / "b.txt").write_text("-r deep/../deep/a.txt\n--no-index\n")

    found = requirements_text.options([tmp_path / "deep" / "a.txt"])

    assert found == [("--no-index", "--no-index")]


def test_a_line_that_can_name_no_file_is_left_to_uv(tmp_path: Path) -> None:
    listed = tmp_path / "requirements.txt"
    listed.write_bytes(b"-r a\x00b.txt\n-r " + b"x" * 5000 + b"\n--no-index\n")

    assert requirements_text.options([listed]) == [("--no-index", "--no-index")]


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("./libs/x", "x @ ./libs/x"),
        ("libs/x/", "x @ ./libs/x/"),
        ("libs/../libs/x", "x @ ./libs/../libs/x"),
        ("  ./libs/x[a,b] ; python_version > '3'", "x[a,b] @ ./libs/x ; python_version > '3'"),
        ("./libs/x#egg=x", "x @ ./libs/x #egg=x"),
        ("file:libs/x  # ours", "x @ ./libs/x # ours"),
        ("x @ ./libs/x", None),
        ("-e ./libs/x", None),
        ("./libs/y", None),
        ("x", None),
        ("# ./libs/x", None),
        ("https://h/libs/x", None),
    ],
)
def test_a_folder_gets_the_name_that_its_build_said(
    tmp_path: Path, line: str, named: str | None
) -> None:
    (tmp_path / "libs" / "x").mkdir(parents=True)
    (tmp_path / "deep").mkdir()
    (tmp_path / "all.txt").write_text("-r deep/more.txt\nsix\n")
    (tmp_path / "deep" / "more.txt").write_text(f"rich\n{line}\n")

    files = [tmp_path / "all.txt"]
    for _ in range(2):  # as for each target
        requirements_text.name_folder(files, tmp_path, tmp_path / "libs" / "x", "x")

    assert (tmp_path / "deep" / "more.txt").read_text() == f"rich\n{named or line}\n"
    assert (tmp_path / "all.txt").read_text() == "-r deep/more.txt\nsix\n"
