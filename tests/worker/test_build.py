"""Whole builds, run as CodeBuild runs them, and what they leave."""

import base64
import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from builder.worker import build
from builder.worker.elf import read as read_elf
from builder.worker.errors import BuildError
from builder.worker.log import Log
from builder.worker.request import Target

if TYPE_CHECKING:
    from tests.worker.conftest import Bundle, MakeBundle, MakeWheel

PYENV = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"

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

STATIC = """
[build-system]
requires = ["uv_build>=0.13,<0.14"] # the backend inside uv itself: nothing to download
build-backend = "uv_build"

[project]
name = "mine"
version = "3.2"
requires-python = "{requires}"
dependencies = {dependencies}
"""

DYNAMIC = """
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"

[project]
name = "mine"
dynamic = ["version", "dependencies"]

[tool.setuptools.dynamic]
version = { attr = "mine.__version__" }
dependencies = { file = ["needs.txt"] }

[tool.setuptools.package-data]
mine = ["*.csv"]
"""


def mine(requires: str = ">=3.9", dependencies: str = "[]", **files: str) -> dict[str, str]:
    """Return the files of a small package of the project."""
    text = STATIC.format(requires=requires, dependencies=dependencies)
    return {
        "libs/mine/pyproject.toml": text,
        "libs/mine/src/mine/__init__.py": "__version__ = '3.2'\n",
        **{f"libs/mine/src/mine/{name}": content for name, content in files.items()},
    }


def offline(bundle: "Bundle", text: str) -> None:
    """Give the bundle requirements that come from its own folder of wheels."""
    links = bundle.path / "project" / "wheels"
    options = f"--no-index\n--find-links {links}\n"
    (bundle.path / "project" / "requirements.txt").write_text(options + text + "\n")


def run_python(code: str, *arguments: object) -> str:
    command = [sys.executable, "-I", "-S", "-c", code, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.mark.slow
def test_the_receipts_layer_imports_and_works(make_bundle: "MakeBundle", tmp_path: Path) -> None:
    bundle = make_bundle(examples=True, package="examples/receipts", extras=["tables"])

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
def test_two_builds_give_the_same_bytes(make_bundle: "MakeBundle") -> None:
    request = {"examples": True, "package": "examples/receipts"}
    one = make_bundle(folder="one", **request)
    other = make_bundle(folder="a longer path with spaces", **request)
    for path in (other.path / "project").rglob("*.py"):
        os.utime(path, (1_500_000_000, 1_500_000_000))
        path.chmod(0o600)

    first, second = one.run(umask=0o022), other.run(umask=0o077)

    assert (first.status, second.status) == (0, 0), second.errors
    data = (first.out / "layer.zip").read_bytes()
    assert data == (second.out / "layer.zip").read_bytes()
    assert base64.b64decode(first.manifest["code_sha256"]) == hashlib.sha256(data).digest()
    times = dict.fromkeys(("started_at", "finished_at"))
    assert {**first.manifest, **times} == {**second.manifest, **times}


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


def test_several_versions_lie_apart_in_one_layer(
    make_bundle: "MakeBundle", here: Target, make_wheel: "MakeWheel"
) -> None:
    other = Target("3.14", here.architecture, "2.34", f"{here.machine}-manylinux_2_34")
    bundle = make_bundle(mine(), targets=(here, other), package="libs/mine")

    result = bundle.run()

    assert result.status == 0, result.errors
    folders = {name.rpartition("mine/__init__.py")[0] for name in result.names} - {""}
    assert folders == {f"python/lib/python{t.python}/site-packages/" for t in (here, other)}
    assert result.manifest["packages"][0]["name"] == "mine"
    assert len(result.manifest["packages"]) == 1


def test_a_package_with_dynamic_metadata_and_data_files_is_built_whole(
    make_bundle: "MakeBundle",
) -> None:
    files = {**mine(**{"rates.csv": "a,b\n"}), "libs/mine/needs.txt": "six==1.17.0\n"}
    files["libs/mine/pyproject.toml"] = DYNAMIC

    result = make_bundle(files, package="libs/mine").run()

    assert result.status == 0, result.errors
    assert {"python/mine/__init__.py", "python/mine/rates.csv", "python/six.py"} <= result.names
    packages = [(package["name"], package["version"]) for package in result.manifest["packages"]]
    assert packages == [("mine", "3.2"), ("six", "1.17.0")]
    assert result.manifest["files"] == len(result.names)
    lock = next(result.out.glob("lock-*.txt")).read_text()
    assert "# mine 3.2 is built from libs/mine" in lock
    assert str(result.out.parent) not in lock


def test_local_dependencies_inside_the_project_come_along(make_bundle: "MakeBundle") -> None:
    files = mine(dependencies='["helper"]', **{"work.py": "import helper"})
    files["libs/mine/pyproject.toml"] += '\n[tool.uv.sources]\nhelper = { path = "../helper" }\n'
    files["libs/helper/pyproject.toml"] = '[project]\nname = "helper"\nversion = "0.1"\n'
    files["libs/helper/helper.py"] = ""

    result = make_bundle(files, package="libs/mine").run()

    assert result.status == 0, result.errors
    assert {"python/mine/work.py", "python/helper.py"} <= result.names


def test_requires_python_is_judged_against_the_target(
    make_bundle: "MakeBundle", here: Target
) -> None:
    result = make_bundle(mine(requires=">=3.50"), package="libs/mine").run()

    assert result.status == 1
    assert f"mine 3.2 does not run on python{here.python}" in result.errors
    assert "change requires-python" in result.errors


def test_excluded_files_are_left_out(make_bundle: "MakeBundle") -> None:
    files = mine(**{"types.pyi": "", "tests/__init__.py": "", "keep.py": ""})

    result = make_bundle(files, package="libs/mine", exclude=["*.pyi", "mine/tests/"]).run()

    assert result.status == 0, result.errors
    assert "python/mine/keep.py" in result.names
    assert not [name for name in result.names if name.endswith(".pyi") or "/tests/" in name]


def test_nested_requirements_and_constraints_are_followed(
    make_bundle: "MakeBundle", make_wheel: "MakeWheel"
) -> None:
    bundle = make_bundle(
        {"deep/more.txt": "beta", "deep/limits.txt": "alpha<2"}, requirements=["requirements.txt"]
    )
    links = bundle.path / "project" / "wheels"
    make_wheel(links, "alpha", "1.0")
    make_wheel(links, "alpha", "2.0")
    make_wheel(links, "beta", "5.0", requires=("alpha",))
    offline(bundle, "-r deep/more.txt\n-c deep/limits.txt")

    result = bundle.run()

    assert result.status == 0, result.errors
    assert [(p["name"], p["version"]) for p in result.manifest["packages"]] == [
        ("alpha", "1.0"),
        ("beta", "5.0"),
    ]


@pytest.mark.slow
def test_three_thousand_requirements_are_installed(
    make_bundle: "MakeBundle", make_wheel: "MakeWheel"
) -> None:
    bundle = make_bundle(requirements=["requirements.txt"])
    names = [f"package_with_a_rather_long_name_{number:04}" for number in range(3000)]
    for name in names:
        make_wheel(bundle.path / "project" / "wheels", name, files={f"{name}.py": ""})
    offline(bundle, "\n".join(names))

    result = bundle.run()

    assert result.status == 0, result.errors
    assert len(result.manifest["packages"]) == 3000
    assert "installing 3000 of 3000" in result.output


def test_a_package_that_does_not_exist_is_named(make_bundle: "MakeBundle", here: Target) -> None:
    result = make_bundle(dependencies=["this-package-does-not-exist-at-all"]).run()

    assert result.status == 1
    assert "ERROR: there is no package this-package-does-not-exist-at-all" in result.errors
    assert not (result.out / "manifest.json").exists()


def sdist(folder: Path, name: str, *, native: bool) -> None:
    """Write a source distribution that makes a pure or a platform wheel."""
    folder.mkdir(parents=True, exist_ok=True)
    setup = "from setuptools import Distribution, setup\n"
    setup += "class D(Distribution):\n    has_ext_modules = lambda self: True\n" if native else ""
    setup += f"setup(name='{name}', version='1.0', py_modules=['{name}']"
    setup += ", distclass=D)\n" if native else ")\n"
    info = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"
    contents = {"setup.py": setup, f"{name}.py": "", "PKG-INFO": info}
    with tarfile.open(folder / f"{name}-1.0.tar.gz", "w:gz") as archive:
        for path, text in contents.items():
            member = tarfile.TarInfo(f"{name}-1.0/{path}")
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()))


@pytest.mark.parametrize("native", [False, True])
def test_sources_are_fine_for_a_foreign_target_when_they_are_pure(
    native: bool, make_bundle: "MakeBundle", foreign: Target
) -> None:
    bundle = make_bundle(targets=(foreign,), requirements=["requirements.txt"])
    links = bundle.path / "project" / "wheels"
    sdist(links, "fll_only_as_source", native=native)
    (bundle.path / "project" / "requirements.txt").write_text(
        f"--find-links {links}\nfll_only_as_source\n"
    )

    result = bundle.run()

    assert f"fll-only-as-source has no wheel for {foreign}" in result.output, result.errors
    if native:
        assert result.status == 1
        assert f"ERROR: fll-only-as-source 1.0 cannot be had for {foreign}" in result.errors
    else:
        assert result.status == 0, result.errors
        assert "python/fll_only_as_source.py" in result.names


def test_a_compiled_package_without_a_wheel_for_the_target_is_refused_at_once(
    make_bundle: "MakeBundle", foreign: Target
) -> None:
    result = make_bundle(dependencies=["psycopg2==2.9.9"], targets=(foreign,)).run()

    assert result.status == 1
    assert f"ERROR: psycopg2 2.9.9 cannot be had for {foreign}" in result.errors
    assert "installing" not in result.output


def native_bundle(
    make_bundle: "MakeBundle", make_wheel: "MakeWheel", target: Target, library: bytes
) -> "Bundle":
    bundle = make_bundle(targets=(target,), requirements=["requirements.txt"])
    digits = target.python.replace(".", "")
    tag = f"cp{digits}-cp{digits}-manylinux_2_17_{target.machine}"
    files = {"native/__init__.py": "", "native/_part.abi3.so": library}
    make_wheel(bundle.path / "project" / "wheels", "native", files=files, tag=tag)
    offline(bundle, "native")
    return bundle


def test_a_wheel_with_files_of_another_machine_is_refused(
    make_bundle: "MakeBundle", make_wheel: "MakeWheel", foreign: Target, native_library: bytes
) -> None:
    result = native_bundle(make_bundle, make_wheel, foreign, native_library).run()

    assert result.status == 1
    assert "ERROR: native: compiled files for another machine" in result.errors
    assert "python/native/_part.abi3.so" in result.errors


def test_a_wheel_with_symbols_newer_than_the_runtime_is_refused(
    make_bundle: "MakeBundle", make_wheel: "MakeWheel", here: Target, native_library: bytes
) -> None:
    old = Target(here.python, here.architecture, "2.5", f"{here.machine}-manylinux_2_17")

    result = native_bundle(make_bundle, make_wheel, old, native_library).run()

    assert result.status == 1
    assert "ERROR: native: compiled for a newer system than" in result.errors
    assert "at most GLIBC 2.5" in result.errors


def test_a_module_that_cannot_be_imported_is_refused(make_bundle: "MakeBundle") -> None:
    files = mine()
    files["libs/mine/src/mine/__init__.py"] += "import not_there_at_all\n"

    result = make_bundle(files, package="libs/mine").run()

    assert result.status == 1
    assert "ERROR: mine cannot be imported by" in result.errors
    assert "No module named 'not_there_at_all'" in result.errors
    assert "add the distribution that has not_there_at_all" in result.errors


@pytest.mark.parametrize("exclude", [["*"], ["mine/"]])
def test_a_layer_with_nothing_left_in_it_is_refused(
    exclude: list[str], make_bundle: "MakeBundle"
) -> None:
    result = make_bundle(mine(), package="libs/mine", exclude=exclude).run()

    assert result.status == 1
    assert "ERROR: the layer would be empty" in result.errors


def test_a_layer_that_is_too_large_is_refused(
    make_bundle: "MakeBundle", monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = make_bundle(mine(**{"big.csv": "x" * 5000}), package="libs/mine")

    with pytest.raises(BuildError, match="the layer is too large") as caught:
        build.build(bundle.path, Log(), limit=4000)

    assert "mine 3.2" in caught.value.where
    assert not (bundle.path / "out" / "layer.zip").exists()


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


def test_debug_mode_shows_each_command_and_its_output(make_bundle: "MakeBundle") -> None:
    result = make_bundle(mine(), package="libs/mine").run(env={"LAYER_DEBUG": "true"})

    assert "| $ " in result.output
    assert "--python-platform" in result.output
    assert "Successfully built" in result.output


def test_an_index_that_cannot_be_reached_is_said_so(make_bundle: "MakeBundle") -> None:
    start = time.monotonic()
    result = make_bundle(dependencies=["six"]).run(
        env={"UV_DEFAULT_INDEX": "http://127.0.0.1:1/simple", "UV_HTTP_RETRIES": "0"}
    )

    assert result.status == 1
    assert "ERROR: the package index cannot be reached" in result.errors
    assert "attempt 3 of 4 failed" in result.output
    assert time.monotonic() - start < 90


@pytest.mark.parametrize("version", ["3.9", "3.10", "3.12", "3.13", "3.14"])
def test_the_worker_runs_on_every_python_of_lambda(
    version: str, make_bundle: "MakeBundle", here: Target
) -> None:
    found = sorted(PYENV.glob(f"{version}.*/bin/python"))
    if not found:
        pytest.skip(f"python{version} is not installed with pyenv")
    target = Target(version, here.architecture, here.glibc, here.platform)

    result = make_bundle(mine(), targets=(target,), package="libs/mine").run(python=str(found[0]))

    assert result.status == 0, result.errors
    assert f"importing 1 module with python{version}" in result.output
