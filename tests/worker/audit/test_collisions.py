"""Distributions that bring the same file, installed by the real uv in whatever order it takes."""

import hashlib
import json
import shutil
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from builder.worker.audit import collisions
from builder.worker.contents.distributions import Distribution
from builder.worker.errors import BuildError
from builder.worker.log import Log
from builder.worker.request import Target
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
TARGET = Target("3.12", "x86_64", "2.34", "x86_64-manylinux_2_34")


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def installed(**files: Sequence[str]) -> tuple[list[Distribution], set[str]]:
    found = [
        Distribution(name, "1", f"{name}-1.dist-info", own if isinstance(own, tuple) else (*own,))
        for name, own in files.items()
    ]
    return found, {file for own in files.values() for file in own}


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


@pytest.mark.slow
def test_files_with_different_contents_are_refused_with_both_owners(
    make_bundle: "MakeBundle", make_wheel: "MakeWheel"
) -> None:
    files = [
        "aaa.pth",
        "both/__init__.py",
        "both/data.bin",
        "both/py.typed.txt",
        "shared.py",
    ]

    result = built(
        make_bundle,
        make_wheel,
        dict.fromkeys(files, "# a\nA = 1\n"),
        dict.fromkeys(files, "# b\nB = 1\n"),
    ).run()

    assert result.status == 1
    assert f"ERROR: aaa and bbb bring the same file with different contents: {files[0]}" in (
        result.errors
    )
    assert f"aaa and bbb: {', '.join(files)}\n" in result.errors


@pytest.mark.slow
def test_a_file_with_the_same_content_may_have_two_owners(
    make_bundle: "MakeBundle", make_wheel: "MakeWheel"
) -> None:
    files = {"shared/__init__.py": "A = 1\n"}

    result = built(make_bundle, make_wheel, files, files).run()

    assert result.status == 0, result.errors
    assert content(result, "shared/__init__.py") == "A = 1\n"


@pytest.mark.slow
def test_a_file_that_is_excluded_is_nobodys(
    make_bundle: "MakeBundle", make_wheel: "MakeWheel"
) -> None:
    files = ({"shared/data.bin": "a"}, {"shared/data.bin": "b"})

    result = built(make_bundle, make_wheel, *files, exclude=["shared/"]).run()

    assert result.status == 0, result.errors


@pytest.mark.slow
def test_where_it_does_not_matter_whose_it_is_the_layer_has_that_of_the_first(
    make_bundle: "MakeBundle", make_wheel: "MakeWheel"
) -> None:
    both = {
        "tests/__init__.py": ("A = 1", "B = 1"),
        "README.md": ("of a", "of b"),
        "LICENSE.txt": ("of a", "of b"),
        "shared/py.typed": ("", "partial\n"),
        "shared-stubs/a.pyi": ("a: int", "a: str"),
        "shared/code.py": ("A = 1  # the first", "# other words\nA=1\n"),
    }
    aaa, bbb = ({file: texts[own] for file, texts in both.items()} for own in (0, 1))

    result = built(make_bundle, make_wheel, aaa, bbb).run()

    assert result.status == 0, result.errors
    assert {file: content(result, file) for file in both} == aaa
    recorded = [content(result, f"{name}-1.0.dist-info/RECORD") for name in ("aaa", "bbb")]
    assert [[file for file in both if file in text] for text in recorded] == [list(both), []]


@pytest.mark.slow
def test_the_init_of_a_namespace_is_the_one_that_serves_both(
    make_bundle: "MakeBundle", make_wheel: "MakeWheel"
) -> None:
    kinds = {
        "one": ("", NAMESPACE, NAMESPACE),
        "two": (OLD_NAMESPACE, f'"""Of b."""\n{NAMESPACE}', OLD_NAMESPACE),
        "three": ("__version__ = '1'", "__version__ = '2'", "__version__ = '1'"),
    }
    first: dict[str, str] = {}
    second: dict[str, str] = {}
    for name, (aaa, bbb, _) in kinds.items():
        first |= {f"{name}/__init__.py": aaa, f"{name}/a.py": f"import {name}.b"}
        second |= {f"{name}/__init__.py": bbb, f"{name}/b.py": f"import {name}.a"}

    result = built(make_bundle, make_wheel, first, second).run()

    assert result.status == 0, result.errors
    chosen = {name: content(result, f"{name}/__init__.py") for name in kinds}
    assert chosen == {name: right for name, (_, _, right) in kinds.items()}


@pytest.mark.slow
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


@pytest.mark.slow
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


@pytest.mark.slow
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


@pytest.mark.slow
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


@pytest.mark.slow
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


def test_a_file_whose_hash_one_of_its_owners_does_not_say_is_compared(tmp_path: Path) -> None:
    digest = collisions.digest(write(tmp_path / "root/ns/a.py", "A = 1"), "sha256=")
    bbb = Distribution("bbb", "1", "bbb-1.dist-info", ("ns/a.py",))
    aaa = replace(bbb, name="aaa", hashes={"ns/a.py": digest})
    write(tmp_path / "aaa/ns/a.py", "A = 1")
    write(tmp_path / "bbb/ns/a.py", "B = 1")

    with pytest.raises(BuildError, match="aaa and bbb bring the same file"):
        collisions.settle(
            tmp_path / "root", [aaa, bbb], (), tmp_path.joinpath, TARGET, Log(StringIO())
        )


def test_what_is_as_all_records_say_is_proven_and_nothing_else(tmp_path: Path) -> None:
    root = tmp_path / "root"
    right = write(root / "aaa/right.py", "A = 1")
    write(root / "aaa/other.py", "A = 2")
    write(root / "aaa/silent.py", "")
    write(root / "aaa/old.py", "")
    hashes = {
        "aaa/right.py": collisions.digest(right, "sha256="),
        "aaa/other.py": collisions.digest(right, "sha256="),
        "aaa/old.py": collisions.digest(root / "aaa/old.py", "sha512="),
    }
    files = ("aaa/right.py", "aaa/other.py", "aaa/silent.py", "aaa/old.py")
    aaa = Distribution("aaa", "1", "aaa-1.dist-info", files, hashes=hashes)
    shutil.copytree(root, tmp_path / "aaa")

    settled = collisions.settle(root, [aaa], (), tmp_path.joinpath, TARGET, Log(StringIO()))

    assert settled.proven == {"aaa/right.py": hashlib.sha256(b"A = 1").digest()}


def test_a_module_beside_its_own_package_is_left_to_its_distribution() -> None:
    aaa = ("ns/shared.py", "ns/shared/own.py")
    bbb = ("ns/shared/part.py", "ns/other.py")

    collisions.check_names(*installed(bbb=bbb, aaa=aaa), TARGET)
    with pytest.raises(BuildError, match=r"aaa makes a module ns\.shared, and bbb a package"):
        collisions.check_names(*installed(bbb=bbb, aaa=aaa[:1]), TARGET)


def test_names_are_compared_without_reading_all_files_for_each() -> None:
    class Counted(tuple[str, ...]):
        reads = 0

        def __iter__(self) -> Iterator[str]:
            Counted.reads += 1
            return super().__iter__()

    aaa = [file for n in range(500) for file in (f"ns/m{n}.py", f"ns/m{n}/own.py")]
    bbb = [f"ns/m{n}/part.py" for n in range(500)]

    collisions.check_names(*installed(bbb=bbb, aaa=Counted(aaa)), TARGET)

    assert 1 <= Counted.reads <= 5


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
