"""Distributions that bring the same file, installed by the real uv in whatever order it takes."""

import json
import shutil
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.worker.samples import offline

if TYPE_CHECKING:
    from tests.worker.conftest import Bundle, MakeBundle, MakeWheel, Result

NAMESPACE = "__path__ = __import__('pkgutil').extend_path(__path__, __name__)\n"
OLD_NAMESPACE = """
try:
    __import__('pkg_resources').declare_namespace(__name__)
except ImportError:
    __path__ = __import__('pkgutil').extend_path(__path__, __name__)
"""
Files = Mapping[str, str]


def built(
    make_bundle: "MakeBundle",
    make_wheel: "MakeWheel",
    aaa: Files,
    bbb: Files,
    **request: object,
) -> "Bundle":
    bundle = make_bundle(requirements=["requirements.txt"], **request)
    wheels = bundle.path / "project" / "wheels"
    make_wheel(wheels, "aaa", files={"aaa/__init__.py": "", **aaa})
    make_wheel(wheels, "bbb", files={"bbb/__init__.py": "", **bbb})
    offline(bundle, "aaa\nbbb")
    return bundle


def content(result: "Result", name: str) -> str:
    with zipfile.ZipFile(result.out / "layer.zip") as archive:
        return archive.read(f"python/{name}").decode()


@pytest.mark.parametrize(
    "file",
    ["shared/__init__.py", "shared.py", "shared/data.bin", "aaa.pth", "shared/py.typed.txt"],
)
def test_a_file_with_different_contents_is_refused_with_both_owners(
    file: str, make_bundle: "MakeBundle", make_wheel: "MakeWheel"
) -> None:
    result = built(make_bundle, make_wheel, {file: "# a\nA = 1\n"}, {file: "# b\nB = 1\n"}).run()

    assert result.status == 1
    assert f"ERROR: aaa and bbb bring the same file with different contents: {file}" in (
        result.errors
    )


def test_a_file_with_the_same_content_may_have_two_owners(
    make_bundle: "MakeBundle", make_wheel: "MakeWheel"
) -> None:
    files = {"shared/__init__.py": "A = 1\n"}

    result = built(make_bundle, make_wheel, files, files).run()

    assert result.status == 0, result.errors
    assert content(result, "shared/__init__.py") == "A = 1\n"


def test_a_file_that_is_excluded_is_nobodys(
    make_bundle: "MakeBundle", make_wheel: "MakeWheel"
) -> None:
    files = ({"shared/data.bin": "a"}, {"shared/data.bin": "b"})

    result = built(make_bundle, make_wheel, *files, exclude=["shared/"]).run()

    assert result.status == 0, result.errors


@pytest.mark.parametrize(
    ("file", "aaa", "bbb"),
    [
        ("tests/__init__.py", "A = 1", "B = 1"),
        ("README.md", "of a", "of b"),
        ("LICENSE.txt", "of a", "of b"),
        ("shared/py.typed", "", "partial\n"),
        ("shared-stubs/a.pyi", "a: int", "a: str"),
        ("shared/code.py", "A = 1  # the first", "# other words\nA=1\n"),
    ],
)
def test_where_it_does_not_matter_whose_it_is_the_layer_has_that_of_the_first(
    file: str, aaa: str, bbb: str, make_bundle: "MakeBundle", make_wheel: "MakeWheel"
) -> None:
    result = built(make_bundle, make_wheel, {file: aaa}, {file: bbb}).run()

    assert result.status == 0, result.errors
    assert content(result, file) == aaa
    assert file in content(result, "aaa-1.0.dist-info/RECORD")
    assert file not in content(result, "bbb-1.0.dist-info/RECORD")


@pytest.mark.parametrize(
    ("aaa", "bbb", "chosen"),
    [
        ("", NAMESPACE, NAMESPACE),
        (OLD_NAMESPACE, f'"""Of b."""\n{NAMESPACE}', OLD_NAMESPACE),
        ("__version__ = '1'", "__version__ = '2'", "__version__ = '1'"),
    ],
)
def test_the_init_of_a_namespace_is_the_one_that_serves_both(
    aaa: str, bbb: str, chosen: str, make_bundle: "MakeBundle", make_wheel: "MakeWheel"
) -> None:
    first = {"ns/__init__.py": aaa, "ns/a.py": "import ns.b"}
    second = {"ns/__init__.py": bbb, "ns/b.py": "import ns.a"}

    result = built(make_bundle, make_wheel, first, second).run()

    assert result.status == 0, result.errors
    assert content(result, "ns/__init__.py") == chosen


@pytest.mark.parametrize(
    ("first", "second"),
    [
        # No namespace: b has nothing below it. And one that does more than make room.
        ({"ns/__init__.py": "__version__ = '1'", "ns/a.py": ""}, {"ns/__init__.py": ""}),
        (
            {"ns/__init__.py": NAMESPACE + "from ns.a import f", "ns/a.py": "f = 1"},
            {"ns/__init__.py": NAMESPACE, "ns/b.py": ""},
        ),
    ],
)
def test_the_init_of_a_package_is_refused(
    first: Files, second: Files, make_bundle: "MakeBundle", make_wheel: "MakeWheel"
) -> None:
    result = built(make_bundle, make_wheel, first, second).run()

    assert result.status == 1
    assert "aaa and bbb bring the same file" in result.errors


def test_a_file_that_a_wheel_does_not_list_counts_too(
    make_bundle: "MakeBundle", make_wheel: "MakeWheel"
) -> None:
    bundle = built(make_bundle, make_wheel, {"shared.py": "A = 1"}, {})
    for wheel in (bundle.path / "project" / "wheels").glob("bbb-*.whl"):
        with zipfile.ZipFile(wheel, "a") as archive:
            archive.writestr("shared.py", "B = 1")

    result = bundle.run()

    assert result.status == 1
    assert "aaa and bbb bring the same file with different contents: shared.py" in result.errors


def test_a_wheel_whose_record_is_wrong_is_taken_as_it_is(
    make_bundle: "MakeBundle", make_wheel: "MakeWheel"
) -> None:
    bundle = built(make_bundle, make_wheel, {"shared.py": "A = 1"}, {})
    wheel = next((bundle.path / "project" / "wheels").glob("aaa-*.whl"))
    with zipfile.ZipFile(wheel) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    entries["shared.py"] = b"A = 2"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, data in entries.items():
            archive.writestr(name, data)

    result = bundle.run()

    assert result.status == 0, result.errors
    assert content(result, "shared.py") == "A = 2"


def test_scripts_of_one_name_matter_only_in_a_layer_that_has_scripts(
    make_bundle: "MakeBundle", make_wheel: "MakeWheel"
) -> None:
    files = tuple(
        {f"{name}-1.0.data/scripts/run": f"#!python\nprint('{name}')\n"} for name in ("aaa", "bbb")
    )

    without = built(make_bundle, make_wheel, *files, folder="without").run()
    with_scripts = built(make_bundle, make_wheel, *files, folder="with", include=["bin"]).run()

    assert without.status == 0, without.errors
    assert with_scripts.status == 1
    assert "aaa and bbb bring the same file with different contents: bin/run" in (
        with_scripts.errors
    )


@pytest.mark.parametrize(
    ("aaa", "bbb"),
    [("shared.py", "shared/__init__.py"), ("ns/shared.py", "ns/shared/deep/part.py")],
)
def test_a_module_and_a_package_of_one_name_are_refused_with_both_owners(
    aaa: str, bbb: str, make_bundle: "MakeBundle", make_wheel: "MakeWheel"
) -> None:
    result = built(make_bundle, make_wheel, {aaa: ""}, {bbb: ""}).run()

    name = aaa[:-3].replace("/", ".")
    assert result.status == 1
    assert f"ERROR: aaa makes a module {name}, and bbb a package of that name" in result.errors


@pytest.mark.slow
@pytest.mark.slow
def test_twenty_builds_of_a_set_with_shared_files_are_the_same(
    make_bundle: "MakeBundle", make_wheel: "MakeWheel", tmp_path: Path
) -> None:
    kinds = {
        "same/__init__.py": "A = 1",
        "ns/__init__.py": NAMESPACE,
        "tests/__init__.py": "# of {}",
        "LICENSE": "of {}",
        "shared/py.typed": "{}",
    }
    names = [f"pkg{letter}" for letter in "abcdefgh"]
    for name in names:
        files = {file: text.format(name) for file, text in kinds.items()}
        files |= {f"ns/{name}.py": "", f"{name}/__init__.py": ""}
        make_wheel(tmp_path / "wheels", name, files=files)
    digests = set()
    for number in range(20):
        bundle = make_bundle(requirements=["requirements.txt"], folder=f"build-{number}")
        shutil.copytree(tmp_path / "wheels", bundle.path / "project" / "wheels")
        offline(bundle, "\n".join(names))
        result = bundle.run()
        assert result.status == 0, result.errors
        manifest = result.manifest
        digests.add(json.dumps([manifest["code_sha256"], manifest["packages"]]))

    assert len(digests) == 1
