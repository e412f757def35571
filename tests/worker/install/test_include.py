"""Programs and libraries beside the modules, in real layers."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from builder.worker.contents.distributions import read
from builder.worker.errors import BuildError
from builder.worker.install import include
from builder.worker.request import Target
from tests.patience import PATIENCE

if TYPE_CHECKING:
    from tests.worker.conftest import Bundle, MakeBundle, MakeWheel, Result

TOOL = """
import sys
def main():
    print("mine", *sys.argv[1:])
    return 3
class Group:
    @staticmethod
    def run():
        print("group")
"""

ENTRY_POINTS = """
[console_scripts]
mine = tool.work:main
Mine-Group = tool.work:Group.run [extra]

[other]
nothing = tool.work:main
"""


def tool(make_bundle: "MakeBundle", make_wheel: "MakeWheel", **request: object) -> "Bundle":
    """Return a bundle of a wheel with entry points, a Python script, and a shell script."""
    bundle = make_bundle(requirements=["requirements.txt"], **request)
    links = bundle.path / "project" / "wheels"
    files: dict[str, str | bytes] = {
        "tool/__init__.py": "",
        "tool/work.py": TOOL,
        "tool-1.0.dist-info/entry_points.txt": ENTRY_POINTS,
        "tool-1.0.data/scripts/old": '#!python\n"""Doc."""\nfrom __future__ import '
        "annotations\nimport tool.work\nif __name__ == '__main__':\n    tool.work.main()\n",
        "tool-1.0.data/scripts/shell": "#!/bin/sh\necho shell\n",
    }
    make_wheel(links, "tool", files=files)
    (bundle.path / "project" / "requirements.txt").write_text(
        f"--no-index\n--find-links {links}\ntool\n"
    )
    return bundle


def unpacked(result: "Result", into: Path) -> Path:
    """Unpack a layer with its modes, as Lambda does below /opt."""
    with zipfile.ZipFile(result.out / "layer.zip") as archive:
        for entry in archive.infolist():
            archive.extract(entry, into)
            (into / entry.filename).chmod(entry.external_attr >> 16)
    return into


def call(opt: Path, name: str, *arguments: str) -> tuple[int, str]:
    """Run a program of the layer as a function does: by its name, with no module path."""
    python = opt.parent / "runtime"
    python.mkdir(exist_ok=True)
    if not (python / "python3").exists():
        (python / "python3").symlink_to(Path(sys.executable).resolve())
    ended = subprocess.run(
        [name, *arguments],
        env={"PATH": f"{python}:/usr/bin:/bin:{opt}/bin"},
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    return ended.returncode, ended.stdout + ended.stderr


@pytest.mark.slow
def test_programs_of_the_layer_run_by_name_and_find_its_modules(
    make_bundle: "MakeBundle", make_wheel: "MakeWheel", tmp_path: Path
) -> None:
    result = tool(make_bundle, make_wheel, include=["bin"]).run()

    assert result.status == 0, result.errors
    opt = unpacked(result, tmp_path / "opt")
    assert call(opt, "mine", "a", "b") == (3, "mine a b\n")
    assert call(opt, "Mine-Group") == (0, "group\n")
    assert call(opt, "old", "x") == (0, "mine x\n")
    assert call(opt, "shell") == (0, "shell\n")
    assert not (opt / "bin" / "nothing").exists()
    assert "left out" not in result.output
    assert str(result.out.parent).encode() not in b"".join(
        path.read_bytes() for path in (opt / "bin").iterdir()
    )


@pytest.mark.slow
def test_programs_work_with_each_python_of_a_layer(
    make_bundle: "MakeBundle", make_wheel: "MakeWheel", here: Target, tmp_path: Path
) -> None:
    other = Target("3.14", here.architecture, "2.34", f"{here.machine}-manylinux_2_34")

    result = tool(make_bundle, make_wheel, include=["bin"], targets=(here, other)).run()

    assert result.status == 0, result.errors
    opt = unpacked(result, tmp_path / "opt")
    assert not (opt / "python" / "tool").exists()
    assert call(opt, "mine") == (3, "mine\n")
    assert call(opt, "old") == (0, "mine\n")


@pytest.mark.slow
def test_without_include_there_are_modules_only(
    make_bundle: "MakeBundle", make_wheel: "MakeWheel"
) -> None:
    bundle = tool(make_bundle, make_wheel, pre_install="setup.sh")
    (bundle.path / "project" / "setup.sh").write_text("echo > $LAYER_LIB/libx.so\n")

    result = bundle.run()

    assert result.status == 0, result.errors
    assert {name.split("/")[0] for name in result.names} == {"python"}
    assert "left out 4 command-line scripts" in result.output
    assert "LAYER_LIB has 1 file, left out: the layer's include does not name lib" in result.output


@pytest.mark.slow
def test_what_is_asked_for_and_not_there_is_noted(make_bundle: "MakeBundle") -> None:
    result = make_bundle(dependencies=["six"], include=["bin", "lib"]).run()

    assert result.status == 0, result.errors
    assert "include names bin, and there is nothing for it" in result.output
    assert "include names lib, and there is nothing for it" in result.output


@pytest.mark.slow
def test_two_builds_with_programs_give_the_same_bytes(
    make_bundle: "MakeBundle", make_wheel: "MakeWheel"
) -> None:
    first = tool(make_bundle, make_wheel, include=["bin"], folder="one").run(umask=0o022)
    second = tool(make_bundle, make_wheel, include=["bin"], folder="two more").run(umask=0o077)

    assert first.manifest["code_sha256"] == second.manifest["code_sha256"]


BINDING = """
import ctypes
number = ctypes.CDLL("libanswer.so.1").answer()
"""


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("gcc") is None, reason="there is no gcc")
def test_libraries_that_the_script_made_are_found_by_the_modules(
    make_bundle: "MakeBundle", make_wheel: "MakeWheel", tmp_path: Path
) -> None:
    bundle = make_bundle(
        {
            "answer.c": "int answer(void) { return 42; }\n",
            "make.sh": 'gcc -shared -Wl,-soname,libanswer.so.1 -o "$LAYER_LIB/libanswer.so.1.0" '
            'answer.c\nln -s libanswer.so.1.0 "$LAYER_LIB/libanswer.so.1"\n',
        },
        requirements=["requirements.txt"],
        pre_install="make.sh",
        include=["lib"],
    )
    links = bundle.path / "project" / "wheels"
    make_wheel(links, "binding", files={"binding.py": BINDING})
    (bundle.path / "project" / "requirements.txt").write_text(
        f"--no-index\n--find-links {links}\nbinding\n"
    )

    result = bundle.run()

    assert result.status == 0, result.errors
    assert "adding 2 files to lib/" in result.output
    opt = unpacked(result, tmp_path / "opt")
    said = subprocess.run(
        [sys.executable, "-c", "import binding; print(binding.number)"],
        env={"PYTHONPATH": f"{opt}/python", "LD_LIBRARY_PATH": f"{opt}/lib"},
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE,
    )
    assert said.stdout == "42\n"


@pytest.mark.slow
def test_a_library_for_another_machine_is_refused_though_others_fit(
    make_bundle: "MakeBundle", native_library: bytes, here: Target
) -> None:
    wrong = bytearray(native_library)
    wrong[18] = 183 if here.machine == "x86_64" else 62  # e_machine
    bundle = make_bundle(
        {"copy.sh": 'cp right.so wrong.so "$LAYER_LIB"\n'},
        dependencies=["six"],
        pre_install="copy.sh",
        include=["lib"],
        targets=(Target(here.python, here.architecture, "2.34", here.platform),),
    )
    (bundle.path / "project" / "right.so").write_bytes(native_library)
    (bundle.path / "project" / "wrong.so").write_bytes(bytes(wrong))

    result = bundle.run()

    assert result.status == 1
    assert "ERROR: lib/wrong.so: compiled files for another machine" in result.errors


@pytest.mark.slow
def test_a_link_out_of_the_layer_is_refused(make_bundle: "MakeBundle") -> None:
    bundle = make_bundle(
        {"link.sh": 'ln -s /etc/hostname "$LAYER_BIN/host"\n'},
        dependencies=["six"],
        pre_install="link.sh",
        include=["bin"],
    )

    result = bundle.run()

    assert result.status == 1
    assert "ERROR: a file cannot be packed: it is a link to /etc/hostname" in result.errors


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"[console_scripts]\nmine = mine:main\nmine = mine:other\n", "already exists"),
        (b"mine = mine:main\n", "no section headers"),
        (b"[console_scripts]\nm\xffne = mine:main\n", "not UTF-8"),
    ],
)
def test_entry_points_that_cannot_be_read_are_refused_with_the_file(
    content: bytes, says: str, tmp_path: Path
) -> None:
    info = tmp_path / "mine-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: mine\nVersion: 1.0\n")
    (info / "entry_points.txt").write_bytes(content)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "mine").write_text("#!python\n")

    with pytest.raises(BuildError, match=says) as caught:
        include.take_scripts(tmp_path, read(tmp_path), tmp_path / "stage")

    assert caught.value.where == "mine-1.0.dist-info/entry_points.txt"


def test_a_program_that_is_no_python_stays_as_it_is() -> None:
    assert include.script(b"\x7fELF...", None) is None
    assert include.script(b"#!/bin/bash\necho python\n", None) is None


@pytest.mark.parametrize(
    "first",
    [
        *("#!python", "#!/build/.venv/bin/python3.12", "#!/usr/bin/env python"),
        """#!/bin/sh\n'''exec' '/a b/bin/python3' "$0" "$@"\n' '''""",
    ],
)
def test_a_python_script_runs_whole_from_wherever_it_is(first: str, tmp_path: Path) -> None:
    content = f"{first}\n# -*- coding: latin-1 -*-\nprint('".encode() + b"\xe4" + b"', __name__)\n"
    text = include.script(content, None)
    assert text is not None
    program = tmp_path / "bin" / "x"
    program.parent.mkdir()
    program.write_text(text)

    said = subprocess.run(
        [sys.executable, program],
        capture_output=True,
        check=True,
        env={"PYTHONIOENCODING": "utf-8", "PATH": os.environ["PATH"]},
        timeout=PATIENCE,
    )

    assert said.stdout.decode() == "ä __main__\n"
