from pathlib import Path

import pytest

from builder.worker.contents.distributions import Distribution
from builder.worker.slim.options import Saved, lighten, total


def install(root: Path, name: str, files: dict[str, str]) -> Distribution:
    for file, text in files.items():
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).write_text(text)
    return Distribution(name, "1", f"{name}-1.dist-info", tuple(files))


def left(root: Path) -> set[str]:
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}


def test_test_folders_of_dependencies_go_with_their_folders(tmp_path: Path) -> None:
    web = install(tmp_path, "web", {"web/__init__.py": "", "web/deep/tests/test_a.py": "xyz"})

    saved = lighten(tmp_path, ("tests",), [web], ())

    assert saved == (Saved("tests", 1, 3),)
    assert left(tmp_path) == {"web/__init__.py"}
    assert not (tmp_path / "web" / "deep").exists()


@pytest.mark.parametrize(
    "line",
    [
        "from .tests.runner import run",
        "from . import tests",
        "from web.tests import runner",
        "from web import (\n    other,\n    tests,\n)",
        "import web.tests.runner",
        "load('web.tests')",
        "path = join(here, 'tests', 'data')",
        "from .tests import *",
    ],
)
def test_a_test_folder_that_another_file_names_stays(line: str, tmp_path: Path) -> None:
    web = install(tmp_path, "web", {"web/__init__.py": line, "web/tests/runner.py": ""})

    lighten(tmp_path, ("tests",), [web], ())

    assert "web/tests/runner.py" in left(tmp_path)


@pytest.mark.parametrize(("name", "stays"), [("rows.csv", True), ("test_a.py", False)])
def test_a_folder_named_from_a_folder_below_stays_when_it_has_data(
    name: str, stays: bool, tmp_path: Path
) -> None:
    files = {"web/__init__.py": "", "web/a/b.py": "open(up / 'tests' / x)", f"web/tests/{name}": ""}
    web = install(tmp_path, "web", files)

    lighten(tmp_path, ("tests",), [web], ())

    assert (f"web/tests/{name}" in left(tmp_path)) is stays


def test_the_projects_own_tests_stay(tmp_path: Path) -> None:
    mine = install(tmp_path, "mine", {"mine/__init__.py": "", "mine/tests/test_a.py": ""})

    lighten(tmp_path, ("tests",), [mine], ("mine",))

    assert "mine/tests/test_a.py" in left(tmp_path)


def test_documentation_goes_and_a_package_called_docs_stays(tmp_path: Path) -> None:
    files = {"web/__init__.py": "", "web/doc/a.rst": "", "web/docs/__init__.py": ""}
    web = install(tmp_path, "web", files)

    lighten(tmp_path, ("docs",), [web], ())

    assert left(tmp_path) == {"web/__init__.py", "web/docs/__init__.py"}


def test_stubs_go_only_beside_their_modules(tmp_path: Path) -> None:
    files = {
        "web/__init__.py": "",
        "web/__init__.pyi": "",
        "web/_c.cpython-313-x86_64-linux-gnu.so": "",
        "web/_c.pyi": "",
        "web/typeshed/os.pyi": "",
        "lazy/__init__.py": "attach_stub(__name__, __file__)",
        "lazy/__init__.pyi": "",
        "web-stubs/a.pyi": "",
    }
    web = install(tmp_path, "web", files)

    lighten(tmp_path, ("stubs",), [web], ())

    gone = {"web/__init__.pyi", "web/_c.pyi", "web-stubs/a.pyi"}
    assert left(tmp_path) == set(files) - gone


def test_a_file_of_two_distributions_goes_once(tmp_path: Path) -> None:
    files = {"ns/a.py": "", "ns/a.pyi": "12", "ns/tests/t.py": "3", "ns/b.py": ""}
    both = [install(tmp_path, name, files) for name in ("aaa", "bbb")]

    saved = lighten(tmp_path, ("tests", "stubs"), both, ())

    assert saved == (Saved("tests", 1, 1), Saved("stubs", 1, 2))
    assert left(tmp_path) == {"ns/a.py", "ns/b.py"}


def test_a_file_that_the_project_has_too_stays(tmp_path: Path) -> None:
    files = {"ns/a.py": "", "ns/a.pyi": ""}
    both = [install(tmp_path, name, files) for name in ("aaa", "mine")]

    lighten(tmp_path, ("stubs",), both, ("mine",))

    assert left(tmp_path) == set(files)


@pytest.mark.parametrize(
    "reader",
    [
        {"web/deep/load.py": "def f(): return open(here / 'a.pyi')"},
        {"web/load.py": "path.with_suffix('.pyi')"},
        {"web/_c.abi3.so": "\0__init__.pyi\0"},
        {"web/load.py": "suffix = 'pyi'"},
        {"web/load.py": "lazy_loader.attach_stub(__name__, __file__)"},
    ],
)
def test_stubs_of_a_package_that_may_read_them_stay(reader: dict[str, str], tmp_path: Path) -> None:
    files = {"web/__init__.py": "", "web/__init__.pyi": "", "web/sub/a.py": "", "web/sub/a.pyi": ""}
    web = install(tmp_path, "web", {**files, **reader})

    lighten(tmp_path, ("stubs",), [web], ())

    assert left(tmp_path) == {*files, *reader}


def test_dist_info_keeps_metadata_entry_points_and_licences(tmp_path: Path) -> None:
    kept = ["METADATA", "RECORD", "entry_points.txt", "LICENSE", "licenses/LICENSE.txt"]
    gone = ["WHEEL", "sboms/a.cdx.json"]
    web = install(tmp_path, "web", {f"web-1.dist-info/{name}": "" for name in [*kept, *gone]})

    lighten(tmp_path, ("metadata",), [web], ())

    assert left(tmp_path) == {f"web-1.dist-info/{name}" for name in kept}


def test_boto_goes_whole_when_it_is_named(tmp_path: Path) -> None:
    boto = install(tmp_path, "boto3", {"boto3/__init__.py": "", "boto3-1.dist-info/METADATA": ""})
    web = install(tmp_path, "web", {"web/__init__.py": ""})

    lighten(tmp_path, ("boto",), [boto, web], ())

    assert left(tmp_path) == {"web/__init__.py"}


def test_without_options_nothing_goes(tmp_path: Path) -> None:
    files = {"web/__init__.py": "", "web/tests/a.py": "", "web/__init__.pyi": ""}
    web = install(tmp_path, "web", files)

    assert lighten(tmp_path, (), [web], ()) == ()
    assert left(tmp_path) == set(files)


def test_savings_of_several_targets_are_added_up() -> None:
    assert total([(Saved("tests", 1, 2),), (Saved("tests", 3, 4), Saved("docs", 1, 1))]) == (
        Saved("docs", 1, 1),
        Saved("tests", 4, 6),
    )


@pytest.mark.parametrize(
    ("said", "stays"), [("web.tests.data", True), ("\0web.test\0", False), ("tests of it", False)]
)
def test_tests_that_compiled_code_names_stay(said: str, stays: bool, tmp_path: Path) -> None:
    files = {"web/__init__.py": "", "web/_c.so": said, "web/tests/__init__.py": ""}
    web = install(tmp_path, "web", files)

    lighten(tmp_path, ("tests",), [web], ())

    assert ("web/tests/__init__.py" in left(tmp_path)) is stays
