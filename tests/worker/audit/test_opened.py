"""Libraries opened by their name, in whole builds: compiled by the real gcc."""

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.worker.install.test_libraries import library
from tests.worker.samples import offline

if TYPE_CHECKING:
    from tests.worker.conftest import Bundle, MakeBundle, MakeWheel

pytestmark = pytest.mark.skipif(shutil.which("gcc") is None, reason="there is no gcc")


def bundle_of(
    make_bundle: "MakeBundle", make_wheel: "MakeWheel", source: str, **request: object
) -> "Bundle":
    bundle = make_bundle(requirements=["requirements.txt"], **request)
    files = {"magic/__init__.py": source, "other.py": "import ssl, sqlite3, ctypes, lzma, bz2"}
    make_wheel(bundle.path / "project" / "wheels", "magic", files=files)
    offline(bundle, "magic")
    return bundle


@pytest.mark.slow
def test_a_library_that_only_the_build_image_has_is_refused_and_named(
    make_bundle: "MakeBundle", make_wheel: "MakeWheel", tmp_path: Path
) -> None:
    deep = library(tmp_path / "system", "deep")
    library(tmp_path / "system", "odd", deep)
    source = "import ctypes\nctypes.CDLL('libodd.so.1')"
    env = {"LD_LIBRARY_PATH": str(tmp_path / "system")}

    result = bundle_of(make_bundle, make_wheel, source).run(env=env)

    assert result.status == 1
    assert "ERROR: a library is opened that Lambda does not have" in result.errors
    assert "magic opens libodd.so.1" in result.errors
    assert "opens libdeep.so.1" not in result.errors


@pytest.mark.slow
def test_a_module_that_may_fail_may_open_what_it_likes(
    make_bundle: "MakeBundle", make_wheel: "MakeWheel", tmp_path: Path
) -> None:
    path = library(tmp_path / "system", "odd")
    source = f"import ctypes\nctypes.CDLL({str(path)!r})"

    result = bundle_of(make_bundle, make_wheel, source, may_fail=["magic"]).run()

    assert result.status == 0, result.errors
    assert "magic opens libodd.so.1" in result.output


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="glibc")
@pytest.mark.parametrize(
    "source",
    [
        "import ctypes\nctypes.CDLL('libm.so.6'); ctypes.CDLL('libresolv.so.2')",
        "import socket\nsocket.gethostbyname('localhost')",
        "import codecs, locale, ctypes.util\nctypes.util.find_library('c')",
    ],
)
def test_what_the_runtime_has_may_be_opened(
    source: str, make_bundle: "MakeBundle", make_wheel: "MakeWheel"
) -> None:
    result = bundle_of(make_bundle, make_wheel, source).run()

    assert result.status == 0, result.errors


OPTIONAL = """
import ctypes
try:
    odd = ctypes.CDLL('libodd.so.1')
except OSError:
    odd = None
"""
LATER = OPTIONAL + "assert odd, 'no odd library'"


@pytest.mark.slow
@pytest.mark.parametrize(("source", "status"), [(OPTIONAL, 0), (LATER, 1)])
def test_a_library_that_a_module_does_without_is_a_note(
    source: str, status: int, make_bundle: "MakeBundle", make_wheel: "MakeWheel", tmp_path: Path
) -> None:
    library(tmp_path / "system", "odd")

    result = bundle_of(make_bundle, make_wheel, source).run(
        env={"LD_LIBRARY_PATH": str(tmp_path / "system")}
    )

    assert result.status == status, result.errors
    said = "magic opens libodd.so.1"
    assert said in (result.errors if status else result.output)
    assert ("and works without it" in result.output) == (not status)


@pytest.mark.slow
def test_a_library_that_one_module_does_without_and_another_needs_is_refused(
    make_bundle: "MakeBundle", make_wheel: "MakeWheel", tmp_path: Path
) -> None:
    library(tmp_path / "system", "odd")
    bundle = make_bundle(requirements=["requirements.txt"])
    files = {"a_first.py": OPTIONAL, "b_later.py": "import ctypes\nctypes.CDLL('libodd.so.1')"}
    make_wheel(bundle.path / "project" / "wheels", "two", files=files)
    offline(bundle, "two")

    result = bundle.run(env={"LD_LIBRARY_PATH": str(tmp_path / "system")})

    assert result.status == 1
    assert "a_first opens libodd.so.1" in result.errors
    assert "without that b_later cannot be imported" in result.errors


@pytest.mark.slow
def test_a_library_that_is_opened_by_its_whole_path_is_refused(
    make_bundle: "MakeBundle", make_wheel: "MakeWheel", tmp_path: Path
) -> None:
    path = library(tmp_path / "system", "odd")
    source = f"import ctypes\nctypes.CDLL({str(path)!r})"

    result = bundle_of(make_bundle, make_wheel, source).run()

    assert result.status == 1
    assert "magic opens libodd.so.1" in result.errors
