"""Whole builds, run as CodeBuild runs them, and what they leave."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from builder.inputs.worker_program import worker
from builder.worker import build, program
from builder.worker.contents.elf import read as read_elf
from builder.worker.contents.files import collect
from builder.worker.request import Target
from tests.patience import PATIENCE
from tests.worker.samples import mine

if TYPE_CHECKING:
    from tests.worker.conftest import MakeBundle

PYENV = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"


PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"

RECEIPTS = """
import json, sys
sys.path.insert(0, sys.argv[1])
import pydantic, cryptography
from receipts import Receipt, Signer, __version__
from receipts.tables import table
text = '{"shop": "Bakery", "issued": "2026-01-05", "currency": "EUR",'
text += ' "lines": [{"item": "Bread", "quantity": 2, "price": "3.20"}], "stated_total": "6.85"}'
signed = Signer.generate().sign(Receipt.from_json(text))
print(json.dumps([signed.verify(), "6.85 EUR" in table(signed.receipt), __version__,
                  pydantic.VERSION, cryptography.__version__]))
"""


def run_python(code: str, *arguments: object) -> str:
    command = [sys.executable, "-I", "-S", "-c", code, *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, check=True, timeout=PATIENCE
    ).stdout


@pytest.mark.slow
def test_the_receipts_layer_imports_and_works(make_bundle: "MakeBundle", tmp_path: Path) -> None:
    bundle = make_bundle(examples=True, package="examples/receipts", extras=["tables"])
    (bundle.path / "worker.pyz").unlink()
    (bundle.path / "worker.pyz").write_bytes(worker())

    result = bundle.run()

    assert result.status == 0, result.errors
    versions = {package["name"]: package["version"] for package in result.manifest["packages"]}
    assert json.loads(run_python(RECEIPTS, result.unpack(tmp_path / "opt"))) == [
        *(True, True, "1.0.0"),
        *(versions["pydantic"], versions["cryptography"]),
    ]
    assert "receipts/rates.csv" in {name.removeprefix("python/") for name in result.names}
    assert not [
        name for name in result.names if "__pycache__" in name or name.endswith("_url.json")
    ]


@pytest.mark.slow
def test_the_science_layer_is_built_for_a_foreign_target(
    make_bundle: "MakeBundle", foreign: Target, tmp_path: Path
) -> None:
    bundle = make_bundle(
        examples=True, targets=(foreign,), requirements=["examples/science/requirements.txt"]
    )

    result = bundle.run()

    assert result.status == 0, result.errors
    assert "no interpreter for" in result.output
    layer = result.unpack(tmp_path / "opt")
    parsed = [elf for path in layer.rglob("*.so") if (elf := read_elf(path))]
    assert {elf.machine for elf in parsed} == {foreign.machine}
    assert {p["name"] for p in result.manifest["packages"]} == {"numpy", "pillow"}
    assert "numpy==" in (result.out / "lock-3.12.txt").read_text()


@pytest.mark.slow
def test_a_source_that_changed_is_built_anew_in_the_same_folder(make_bundle: "MakeBundle") -> None:
    bundle = make_bundle(mine(), package="libs/mine")
    source = bundle.path / "project/libs/mine/src/mine/__init__.py"
    first = bundle.run().manifest
    stamp = source.stat().st_mtime
    source.write_text("__version__ = '3.3'\n")
    os.utime(source, (stamp, stamp))

    second = bundle.run().manifest

    assert first["code_sha256"] != second["code_sha256"]
    assert first["unzipped_size"] == second["unzipped_size"]


@pytest.mark.slow
def test_debug_mode_shows_each_command_and_its_output(make_bundle: "MakeBundle") -> None:
    result = make_bundle(mine(), package="libs/mine").run(env={"LAYER_DEBUG": "true"})

    assert "| $ " in result.output
    assert "--python-platform" in result.output
    assert "Successfully built" in result.output


@pytest.mark.slow
@pytest.mark.parametrize("version", ["3.9", "3.10", "3.12", "3.13", "3.14"])
def test_the_worker_runs_on_every_python_of_lambda(
    version: str, make_bundle: "MakeBundle", here: Target
) -> None:
    found = sorted(PYENV.glob(f"{version}.*/bin/python"))
    if not found:
        pytest.skip(f"python{version} is not installed with pyenv")
    target = Target(version, here.architecture, here.glibc, here.platform)

    result = make_bundle(mine(), targets=(target,), package="libs/mine", python=str(found[0])).run(
        python=str(found[0])
    )

    assert result.status == 0, result.errors
    assert f"importing 1 module with python{version}" in result.output
    assert result.manifest["worker"] == program.version()


FULL = """
import time
from worker.pack import pack

def full(*given):
    time.sleep({pause})
    raise OSError(28, "No space left on device", "layer.zip")

pack.{step} = full
"""

SLOW = """
import time
from worker.pack import pack
from worker.documents import sbom

for place, name in ((pack, "_members"), (sbom, "load")):
    def late(*given, action=getattr(place, name)):
        time.sleep(0.5)
        return action(*given)
    setattr(place, name, late)
"""


@pytest.mark.slow
@pytest.mark.slow
@pytest.mark.parametrize("pause", [0.0, 1.0])
@pytest.mark.parametrize("step", ["_members", "_Writer.add", "_Writer.end"])
def test_an_error_of_a_thread_that_packs_is_the_build_s(
    step: str, pause: float, make_bundle: "MakeBundle"
) -> None:
    bundle = make_bundle(mine(), package="libs/mine")

    result = bundle.run(before=FULL.format(step=step, pause=pause))

    assert result.status == 1
    assert "ERROR: the build machine refused: No space left on device" in result.errors
    assert "Traceback" not in result.errors
    assert {path.name for path in result.out.iterdir()} <= {f"lock-{PYTHON}.txt"}


@pytest.mark.slow
def test_an_error_of_the_audit_is_the_build_s_however_long_packing_takes(
    make_bundle: "MakeBundle",
) -> None:
    bundle = make_bundle(mine(**{"__init__.py": "import not_there"}), package="libs/mine")

    result = bundle.run(before=SLOW)

    assert result.status == 1
    assert "ERROR: mine cannot be imported by " in result.errors
    assert "Traceback" not in result.errors
    assert {path.name for path in result.out.iterdir()} <= {f"lock-{PYTHON}.txt"}


def test_a_record_lists_what_is_in_the_layer_and_nothing_of_the_machine(tmp_path: Path) -> None:
    record = tmp_path / "layer/python/a-1.dist-info/RECORD"
    record.parent.mkdir(parents=True)
    lines = ["a.py,sha256=x,1", "a-1.dist-info/../a.py,,", "gone.py,,", "../../outside.py,,"]
    record.write_text("".join(f"{line}\n" for line in lines))
    (tmp_path / "layer/python/a.py").write_text("1")
    (tmp_path / "outside.py").write_text("the machine's own")
    found = collect(tmp_path / "layer")
    (file,) = (file for file in found if file.name.endswith("RECORD"))

    packed = build._without_paths(file, {}, {file.name for file in found})

    assert packed.data == b"a-1.dist-info/../a.py,,\na.py,sha256=x,1\n"
