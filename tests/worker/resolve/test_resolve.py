import sys
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


def test_requirements_that_contradict_each_other_are_refused(index: Path, uv_program: Path) -> None:
    with pytest.raises(BuildError, match=r"no set of versions|there is no fast"):
        resolve("uses-fast\nfast<1", index, uv_program)
