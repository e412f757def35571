import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from builder.worker.errors import BuildError
from builder.worker.log import Log
from builder.worker.request import Target
from builder.worker.resolve.build_lock import BuildLock
from builder.worker.resolve.lock import Lock
from builder.worker.resolve.resolve import Inputs, Resolver
from builder.worker.resolve.uv import Uv
from tests.package_index import PackageIndex

if TYPE_CHECKING:
    from tests.worker.conftest import MakeWheel

TARGET = Target("3.11", "x86_64", "2.26", "x86_64-manylinux_2_17")
TAG = "cp311-cp311-manylinux_2_{}_x86_64"


@pytest.fixture
def index(tmp_path: Path, make_wheel: "MakeWheel") -> Path:
    """An index with: fast 1 (fits), fast 2 (needs a newer glibc), only-new 1 (never fits)."""
    folder = tmp_path / "index"
    make_wheel(folder, "fast", "1.0", tag=TAG.format(17))
    make_wheel(folder, "fast", "2.0", tag=TAG.format(28))
    make_wheel(folder, "only_new", "1.0", tag=TAG.format(28))
    make_wheel(folder, "uses_fast", "1.0", requires=("fast",))
    return folder


def resolve(text: str, index: Path, uv: Path, *, native: bool = True) -> Lock:
    work = index.parent
    source = work / "requirements.txt"
    source.write_text(f"--no-index\n--find-links {index}\n{text}\n")
    program = Uv(uv, work, sys.executable, Log(), work / "uv", BuildLock(work / "build-lock.txt"))
    resolver = Resolver(program, TARGET, work, Log(), native=native)
    return resolver.resolve(Inputs((source,)), lambda folder: folder)


def test_the_newest_version_whose_wheel_fits_is_chosen(index: Path, uv_program: Path) -> None:
    locked = resolve("uses-fast", index, uv_program)

    assert [(pin.name, pin.version) for pin in locked.pins] == [
        ("fast", "1.0"),
        ("uses-fast", "1.0"),
    ]
    assert all(pin.hashed for pin in locked.pins)
    assert locked.from_source == ()


def test_the_users_index_options_stay_inside_the_build(index: Path, uv_program: Path) -> None:
    locked = resolve("fast", index, uv_program)

    assert any(str(index) in option for option in locked.options)
    assert str(index) not in locked.text([])


@pytest.mark.parametrize("text", ["only-new", "fast==2.0", "fast>=2"])
def test_what_fits_in_no_allowed_version_is_refused(
    text: str, index: Path, uv_program: Path
) -> None:
    with pytest.raises(BuildError) as caught:
        resolve(text, index, uv_program)

    assert "python3.11 on x86_64" in f"{caught.value}"
    assert text.split("=")[0].rstrip(">") in f"{caught.value}"


@pytest.mark.slow
def test_requirements_that_contradict_each_other_are_refused(index: Path, uv_program: Path) -> None:
    with pytest.raises(BuildError, match=r"no set of versions|there is no fast"):
        resolve("uses-fast\nfast<1", index, uv_program)


# Young packages

NOW = datetime.now(UTC)


@pytest.fixture
def dated(tmp_path: Path, make_wheel: "MakeWheel") -> Iterator[PackageIndex]:
    """An index with: old 1 (a month ago) and 2 (an hour ago), young 1 (an hour ago)."""
    folder = tmp_path / "index"
    index = PackageIndex(folder)
    for name, version, age in (
        ("old", "1.0", timedelta(days=30)),
        ("old", "2.0", timedelta(hours=1)),
        ("young", "1.0", timedelta(hours=1)),
    ):
        index.uploaded[make_wheel(folder, name, version).name] = NOW - age
    with index.serving():
        yield index


def resolve_aged(text: str, index: PackageIndex, uv: Path, age: str) -> Lock:
    work = index.folder.parent
    source = work / "requirements.txt"
    source.write_text(f"--index-url {index.url}\n{text}\n")
    builds = BuildLock(work / "build-lock.txt")
    program = Uv(uv, work, sys.executable, Log(), work / "uv", builds, age)
    resolver = Resolver(program, TARGET, work, Log(), native=True)
    return resolver.resolve(Inputs((source,)), lambda folder: folder)


@pytest.mark.parametrize(
    ("age", "version"),
    [("", "2.0"), ("7 days", "1.0"), ("1 week", "1.0"), ("30 minutes", "2.0")],
)
def test_the_newest_version_that_is_old_enough_is_chosen(
    age: str, version: str, dated: PackageIndex, uv_program: Path
) -> None:
    locked = resolve_aged("old", dated, uv_program, age)

    assert [(pin.name, pin.version) for pin in locked.pins] == [("old", version)]


@pytest.mark.slow
@pytest.mark.parametrize("text", ["young", "old==2.0"])
def test_what_is_too_young_in_every_version_is_refused_by_its_name(
    text: str, dated: PackageIndex, uv_program: Path
) -> None:
    with pytest.raises(BuildError) as caught:
        resolve_aged(text, dated, uv_program, "7 days")

    assert f"what there is of {text.split('=')[0]} is younger than" in caught.value.what
