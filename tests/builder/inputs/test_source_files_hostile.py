"""Sources with secrets, with what only one machine has, and with what cannot travel."""

from pathlib import Path
from typing import Any

import pytest

from builder.errors import SourceError
from builder.inputs.ignore import Reason
from builder.inputs.source_files import left_out, source_files
from tests.builder.conftest import package, spec_of, write_tree


def paths(root: Path, **fields: Any) -> list[str]:
    """Return the input files of a layer of the package src, unless other fields are named."""
    spec = spec_of(
        **(fields if {"package", "requirements"} & set(fields) else {"package": "src", **fields})
    )
    return [file.path for file in source_files(spec, root)]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("uv.toml", 'index-url = "HTTPS://ci:hush-hush@a.example/"'),
        ("setup.cfg", "[easy_install]\nindex_url = https://ci:hush-hush@a.example/packages"),
        ("pip.conf", "[global]\nindex-url = https://a.example/packages?token=hush-hush"),
        ("sub/requirements-dev.txt", "-i https://a.example/?api_key=hush-hush"),
        ("Pipfile", 'url = "https://ci:hush-hush@a.example/packages"'),
    ],
)
def test_a_password_in_a_file_that_installers_read_is_refused(
    tmp_path: Path, name: str, text: str
) -> None:
    package(tmp_path)
    write_tree(tmp_path, {f"src/{name}": text})

    with pytest.raises(SourceError, match=r"has a password for a\.example") as caught:
        paths(tmp_path)

    assert "hush-hush" not in str(caught.value)


@pytest.mark.parametrize("name", [".env", ".netrc", ".pypirc", "id_rsa", "web/credentials.json"])
def test_files_that_hold_secrets_by_their_name_are_left_out_and_can_be_taken_back(
    tmp_path: Path, name: str
) -> None:
    package(tmp_path)
    write_tree(tmp_path, {f"src/{name}": "password = hush"})

    assert f"src/{name}" not in paths(tmp_path)
    assert left_out(spec_of(package="src"), tmp_path)[f"src/{name}"] is Reason.SECRET
    assert f"src/{name}" in paths(tmp_path, package="src", exclude=(f"!{name}",))


def test_a_private_key_of_any_name_is_refused(tmp_path: Path) -> None:
    package(tmp_path)
    write_tree(tmp_path, {"src/web/key.txt": "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n"})

    with pytest.raises(SourceError, match=r"src/web/key\.txt is a private key"):
        paths(tmp_path)
    assert paths(tmp_path, package="src", exclude=("key.txt",))


def test_a_sparse_giant_is_refused_before_it_is_read(tmp_path: Path) -> None:
    package(tmp_path)
    with (tmp_path / "src" / "giant.bin").open("wb") as file:
        file.truncate(1 << 36)

    with pytest.raises(SourceError, match=r"giant\.bin has 68,719,476,736 bytes"):
        paths(tmp_path)


@pytest.mark.parametrize(
    "name", ["a\nb.txt", "a'b\".txt", "$(id).txt", "${path.module}", "%{x}", "x" * 255, " ", "-r"]
)
def test_odd_names_travel_as_they_are(tmp_path: Path, name: str) -> None:
    package(tmp_path)
    write_tree(tmp_path, {f"src/{name}": "text"})

    assert f"src/{name}" in paths(tmp_path)


def test_hard_links_are_files(tmp_path: Path) -> None:
    package(tmp_path)
    (tmp_path / "src" / "again.py").hardlink_to(tmp_path / "src" / "pyproject.toml")

    assert "src/again.py" in paths(tmp_path)


@pytest.mark.parametrize(
    "line",
    [
        "idna @ https://h.example/${AWS_SECRET_ACCESS_KEY}/idna-3-py3-none-any.whl",
        "-e git+https://h.example/${HOME}#egg=x",
        "--index-url https://h.example/${TOKEN}/packages",
        "./${HOME}/x",
    ],
)
def test_a_variable_of_the_environment_in_requirements_is_refused(
    tmp_path: Path, line: str
) -> None:
    write_tree(tmp_path, {"requirements.txt": f"# ${{FINE}}\n{line}\n"})

    with pytest.raises(SourceError, match="names the variable") as caught:
        paths(tmp_path, requirements=("requirements.txt",))

    assert "requirements.txt, line 2" in caught.value.where


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("idna @ https://h.example/${SECRET}/idna.whl", "the variable ${SECRET}"),
        ("idna @ file:///etc", "a file of one machine"),
        ("idna @ FILE:///etc ; python_version > '3'", "a file of one machine"),
    ],
)
def test_a_dependency_that_only_one_machine_has_is_refused(
    tmp_path: Path, line: str, problem: str
) -> None:
    package(tmp_path)
    pyproject = f'[project]\nname = "web"\nversion = "1"\ndependencies = ["{line}"]\n'
    write_tree(tmp_path, {"src/pyproject.toml": pyproject})

    with pytest.raises(SourceError) as caught:
        paths(tmp_path)

    assert problem in caught.value.what
