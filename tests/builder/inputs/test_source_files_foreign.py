"""Requirements files of other machines: their encodings, their paths."""

from __future__ import annotations

from pathlib import Path

import pytest

from builder.errors import SourceError
from tests.builder.conftest import write_tree
from tests.builder.inputs.test_source_files import paths


@pytest.mark.parametrize(
    ("line", "fix"),
    [
        ("numpy @ file:///home/conda/feedstock_root/build/numpy_1", "write numpy==VERSION"),
        ("six @ file:///tmp/six-1.17.0-py2.py3-none-any.whl", "write six==1.17.0"),
        ("six @ file:///tmp/six-1.17.0.tar.gz#sha256=ab", "write six==1.17.0"),
    ],
)
def test_a_file_of_a_frozen_environment_is_refused_with_the_version(
    tmp_path: Path, line: str, fix: str
) -> None:
    write_tree(tmp_path, {"requirements.txt": f"{line}\n"})

    with pytest.raises(SourceError, match="where this was frozen") as caught:
        paths(tmp_path, requirements=("requirements.txt",))

    assert caught.value.fix == fix


@pytest.mark.parametrize("line", ["-e {}/libs/a", "{}/libs/a", "a @ file://{}/libs/a"])
def test_an_absolute_path_inside_the_project_is_not_called_outside(
    tmp_path: Path, line: str
) -> None:
    write_tree(tmp_path, {"requirements.txt": line.format(tmp_path), "libs/a/pyproject.toml": ""})

    with pytest.raises(SourceError, match="is an absolute path") as caught:
        paths(tmp_path, requirements=("requirements.txt",))

    assert caught.value.fix == "write ./libs/a"


LOGIN = (
    "# -*- coding: latin-1 -*-\n--index-url https://ci:hush-hush@a.example/simple\n-r more.txt\n"
)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32", "latin-1"])
def test_requirements_are_read_in_the_encoding_that_they_name(
    tmp_path: Path, encoding: str
) -> None:
    file = tmp_path / "requirements.txt"
    write_tree(tmp_path, {"more.txt": ""})
    text = LOGIN.replace("--index", "# größe\n--index")
    file.write_bytes(text.replace("ci:hush-hush@", "").encode(encoding))

    assert "more.txt" in paths(tmp_path, requirements=("requirements.txt",))
    file.write_bytes(text.encode(encoding))
    with pytest.raises(SourceError, match=r"has a password for a\.example"):
        paths(tmp_path, requirements=("requirements.txt",))


@pytest.mark.parametrize(
    "content", [b"six # caf\xe9\n", b"s\0i\0x\0\n\0", b"# coding: klingon\nsix\n", b"\xff\xfes"]
)
def test_requirements_that_cannot_be_decoded_are_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "requirements.txt").write_bytes(content)

    with pytest.raises(SourceError, match="cannot be decoded") as caught:
        paths(tmp_path, requirements=("requirements.txt",))

    assert caught.value.fix == "save it as UTF-8"
