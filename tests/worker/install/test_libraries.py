"""Libraries of the build image, compiled by the real gcc and found by the real linker."""

import platform
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from builder.worker.contents import elf
from builder.worker.install import libraries
from builder.worker.log import Log
from builder.worker.request import Target
from tests.patience import PATIENCE

pytestmark = pytest.mark.skipif(shutil.which("gcc") is None, reason="there is no gcc")

MACHINE = platform.machine()
HERE = Target("3.12", {"aarch64": "arm64"}.get(MACHINE, MACHINE), "2.34", "")
OTHER = replace(HERE, architecture="x86_64" if MACHINE == "aarch64" else "arm64")


def library(folder: Path, name: str, *needs: Path) -> Path:
    """Compile a library that needs others."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"lib{name}.so.1"
    calls = "".join(f"int {needed.name[3:-5]}(void);\n" for needed in needs)
    body = " + ".join(f"{needed.name[3:-5]}()" for needed in needs) or "1"
    source = folder / f"{name}.c"
    source.write_text(f"{calls}int {name}(void) {{ return {body}; }}\n")
    command = ["gcc", "-shared", f"-Wl,-soname,{path.name}", "-o", path, source, *needs]
    subprocess.run(list(map(str, command)), check=True, capture_output=True, timeout=PATIENCE)
    source.unlink()
    return path


@pytest.fixture
def image(tmp_path: Path) -> dict[str, Path]:
    """A build image that has three libraries, two of which need each other in a row."""
    folder = tmp_path / "image"
    deep = library(folder, "deep")
    near = library(folder, "near", deep)
    return {path.name: path for path in (deep, near, library(folder, "idle"))}


def test_what_compiled_code_needs_comes_along_with_what_that_needs(
    tmp_path: Path, image: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    stage = tmp_path / "layer"
    library(stage / "python", "module", image["libnear.so.1"])

    libraries.gather(stage, stage / "lib", HERE, Log(), image)

    assert {p.name for p in (stage / "lib").iterdir()} == {"libdeep.so.1", "libnear.so.1"}
    said = capsys.readouterr().out
    assert "to lib/: python/libmodule.so.1 needs it" in said
    assert "to lib/: lib/libnear.so.1 needs it" in said


def test_what_the_layer_has_already_stays_its_own(tmp_path: Path, image: dict[str, Path]) -> None:
    stage = tmp_path / "layer"
    library(stage / "python", "module", image["libdeep.so.1"])
    own = library(stage / "python" / "module.libs", "deep")

    libraries.gather(stage, stage / "lib", HERE, Log(), image)

    assert own.exists()
    assert not (stage / "lib").exists()


def test_libraries_of_another_machine_are_left(tmp_path: Path, image: dict[str, Path]) -> None:
    stage = tmp_path / "layer"
    library(stage / "python", "module", image["libdeep.so.1"])

    libraries.gather(stage, stage / "lib", OTHER, Log(), image)
    assert not (stage / "lib").exists()

    wrong = bytearray(image["libdeep.so.1"].read_bytes())
    wrong[18] = 243
    image["libdeep.so.1"].write_bytes(bytes(wrong))
    libraries.gather(stage, stage / "lib", HERE, Log(), image)
    assert not (stage / "lib").exists()


def test_what_no_one_has_is_for_the_audit_to_report(tmp_path: Path) -> None:
    stage = tmp_path / "layer"
    library(stage / "python", "module", library(tmp_path / "gone", "gone"))

    libraries.gather(stage, stage / "lib", HERE, Log(), {})

    assert not (stage / "lib").exists()


def test_the_linker_of_this_machine_names_real_libraries() -> None:
    found = libraries.of_this_machine()

    parsed = elf.read(found["libc.so.6"])
    assert parsed is not None
    assert parsed.machine == MACHINE
