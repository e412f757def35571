import sys
from pathlib import Path

import pytest

from builder.worker.contents.elf import Elf
from builder.worker.contents.files import LayerFile
from builder.worker.contents.native import Native, libraries_of, native_files
from builder.worker.errors import BuildError


def file(path: Path, name: str) -> LayerFile:
    return LayerFile(name, path, path.stat().st_size)


def test_compiled_files_are_found_with_their_distributions(tmp_path: Path) -> None:
    text = tmp_path / "a.py"
    text.write_text("x = 1")
    program = Path(sys.executable).resolve()

    files = [file(text, "python/a.py"), file(program, "bin/tool")]
    found = native_files(files, {"bin/tool": "pkg"})

    assert [(native.file.name, native.owner) for native in found] == [("bin/tool", "pkg")]


def test_a_damaged_file_is_refused_with_its_distribution(tmp_path: Path) -> None:
    damaged = tmp_path / "x.so"
    damaged.write_bytes(b"\x7fELF\x02\x01\x01" + b"\xff" * 80)

    with pytest.raises(BuildError, match="damaged ELF") as caught:
        native_files([file(damaged, "python/x.so")], {"python/x.so": "pkg"})

    assert "another version of pkg" in caught.value.fix


def test_libraries_are_known_by_their_files_and_by_their_sonames(tmp_path: Path) -> None:
    library = LayerFile("lib/libz-0.so", tmp_path, 0)

    assert libraries_of([Native(library, Elf("x86_64", soname="libz.so.1"), "")]) == {
        "libz-0.so",
        "libz.so.1",
    }


@pytest.mark.parametrize(
    ("name", "extension"),
    [("a.cpython-312-x86_64-linux-gnu.so", True), ("a.abi3.so", True), ("libz.so.1", False)],
)
def test_a_module_is_known_by_its_name(tmp_path: Path, name: str, extension: bool) -> None:
    native = Native(LayerFile(name, tmp_path, 0), Elf("x86_64"), "")

    assert native.is_extension is extension
