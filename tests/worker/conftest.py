"""Bundles, wheels and targets for the worker's tests."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import importlib.util
import io
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import textwrap
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from builder.inputs.worker_program import worker
from builder.spec.runtimes import Target as Runtime
from builder.worker import tools
from builder.worker.log import Log
from builder.worker.pack import libdeflate, pack
from builder.worker.pack.libdeflate import Libdeflate
from builder.worker.request import Target
from builder.worker.resolve import lock
from tests.patience import PATIENCE
from tests.worker.samples import offline

REPOSITORY = Path(__file__).resolve().parents[2]
UV = Path(sys.executable).with_name("uv")


@dataclass(frozen=True)
class Result:
    """How the worker ended, and what it left."""

    status: int
    output: str
    errors: str
    out: Path

    @property
    def manifest(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads((self.out / "manifest.json").read_text())
        return document

    @property
    def names(self) -> set[str]:
        with zipfile.ZipFile(self.out / "layer.zip") as archive:
            return set(archive.namelist())

    def unpack(self, into: Path) -> Path:
        """Unpack the layer as Lambda does below /opt."""
        with zipfile.ZipFile(self.out / "layer.zip") as archive:
            assert archive.testzip() is None
            archive.extractall(into)
        return into / "python"


@dataclass(frozen=True)
class Bundle:
    """An unpacked bundle."""

    path: Path

    def change(self, **fields: Any) -> None:
        """Change fields of the request."""
        file = self.path / "request.json"
        file.write_text(json.dumps({**json.loads(file.read_text()), **fields}))

    def run(
        self,
        command: str = "build",
        *,
        python: str = sys.executable,
        umask: int = -1,
        env: Mapping[str, str] | None = None,
        before: str = "",
    ) -> Result:
        """Run a command of the worker, after some Python in the same process if there is any."""
        program = ["worker.pyz"]
        if before:
            start = "from worker.__main__ import main; main()"
            program = ["-c", f"import sys; sys.path[0] = 'worker.pyz'\n{before}\n{start}"]
        ended = subprocess.run(
            [python, *program, command],
            cwd=self.path,
            env={**os.environ, **(env or {})},
            capture_output=True,
            text=True,
            timeout=240,
            umask=umask,
            check=False,
        )
        return Result(ended.returncode, ended.stdout, ended.stderr, self.path / "out")


MakeBundle = Callable[..., Bundle]
MakeWheel = Callable[..., Path]


def as_json(target: Target) -> dict[str, str]:
    return {
        "python": target.python,
        "architecture": target.architecture,
        "glibc": target.glibc,
        "platform": target.platform,
    }


def target_of(python: str, architecture: str) -> Target:
    runtime = Runtime(python, architecture)
    return Target(python, architecture, runtime.glibc, runtime.platform)


@pytest.fixture(scope="session")
def here() -> Target:
    """The target whose modules this interpreter can import."""
    architecture = {"aarch64": "arm64"}.get(platform.machine(), platform.machine())
    return target_of(f"{sys.version_info[0]}.{sys.version_info[1]}", architecture)


@pytest.fixture(scope="session")
def foreign() -> Target:
    """A target that no interpreter here can be: the other architecture."""
    other = "x86_64" if platform.machine() == "aarch64" else "arm64"
    return target_of("3.12", other)


@pytest.fixture(scope="session", autouse=True)
def uv_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One cache for all tests of a session, also of several xdist workers."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    cache = shared / "uv-cache"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UV_CACHE_DIR", str(cache))  # for the tests' own uv; the worker's is its own
        yield cache


@pytest.fixture(autouse=True)
def own_environment() -> Iterator[None]:
    """Undo what the worker's main sets, so that no test keeps caches for another."""
    with mock.patch.dict(os.environ):
        yield


MakeTools = Callable[[str], Path]


@pytest.fixture(scope="session")
def make_tools(uv_cache: Path) -> MakeTools:
    """Return a function that installs the pinned tools, less uv, for one interpreter, once."""

    def make(python: str) -> Path:
        version = subprocess.run(
            [python, "-V"], capture_output=True, text=True, check=True, timeout=PATIENCE
        ).stdout
        folder = uv_cache.parent / f"tools-{version.split()[1]}"
        if folder.is_dir():
            return folder
        partial = Path(tempfile.mkdtemp(dir=uv_cache.parent))
        pins = [pin.line for pin in lock.parse(tools.lock()).pins if pin.name != "uv"]
        (partial / "pins.txt").write_text("\n".join(pins) + "\n")
        command = [str(UV), "pip", "install", "--quiet", "--no-deps", "--require-hashes"]
        command += ["--python", python, "--target", str(partial), "-r", str(partial / "pins.txt")]
        subprocess.run(command, check=True, timeout=PATIENCE * PATIENCE)  # it may download them
        with contextlib.suppress(OSError):  # another xdist worker was faster
            partial.rename(folder)
        return folder

    return make


@cache
def libdeflate_here() -> Libdeflate:
    """libdeflate, as the project's own environment has it."""
    spec = importlib.util.find_spec("deflate")
    assert spec is not None
    assert spec.origin is not None
    library = next(Path(spec.origin).parent.glob(libdeflate.PATTERN))
    return Libdeflate(library, pack.LEVEL)


@pytest.fixture(scope="session")
def engine() -> Libdeflate:
    return libdeflate_here()


@pytest.fixture(scope="session")
def worker_pyz(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The worker's program, unpacked: so that its bytecode is kept for the next test.

    Python runs a folder as it runs a zip file; test_build.py runs worker.pyz itself.
    """
    path = tmp_path_factory.mktemp("pyz") / "worker.pyz"
    with zipfile.ZipFile(io.BytesIO(worker())) as archive:
        archive.extractall(path)
    return path


@pytest.fixture
def make_bundle(
    tmp_path: Path, worker_pyz: Path, here: Target, make_tools: MakeTools
) -> MakeBundle:
    """Return a function that writes a bundle: files of the project, and the request's keys."""

    def make(
        files: Mapping[str, str] | None = None,
        *,
        targets: tuple[Target, ...] = (here,),
        folder: str = "bundle",
        examples: bool = False,
        python: str = sys.executable,
        **request: Any,
    ) -> Bundle:
        path = tmp_path / folder
        (path / ".tools" / "bin").mkdir(parents=True)
        for entry in make_tools(python).iterdir():
            (path / ".tools" / entry.name).symlink_to(entry)
        (path / ".tools" / "bin" / "uv").symlink_to(UV)
        (path / "worker.pyz").symlink_to(worker_pyz)
        project = path / "project"
        project.mkdir()
        if examples:
            shutil.copytree(REPOSITORY / "examples", project / "examples")
        for name, text in (files or {}).items():
            (project / name).parent.mkdir(parents=True, exist_ok=True)
            (project / name).write_text(textwrap.dedent(text), encoding="utf-8")
        document = {
            "schema": 1,
            "layer": "sample",
            "fingerprint": "0" * 64,
            "targets": [as_json(target) for target in targets],
            **request,
        }
        (path / "request.json").write_text(json.dumps(document))
        return Bundle(path)

    return make


@pytest.fixture
def make_wheel() -> MakeWheel:
    """Return a function that writes a wheel into a folder, as a small package index."""

    def make(
        folder: Path,
        name: str,
        version: str = "1.0",
        *,
        files: Mapping[str, str | bytes] | None = None,
        tag: str = "py3-none-any",
        requires: tuple[str, ...] = (),
    ) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        info = f"{name}-{version}.dist-info"
        metadata = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
        metadata += [f"Requires-Dist: {requirement}" for requirement in requires]
        wheel = f"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: {tag}\n"
        contents: dict[str, str | bytes] = {
            **({f"{name}/__init__.py": ""} if files is None else files),
            f"{info}/METADATA": "\n".join(metadata) + "\n",
            f"{info}/WHEEL": wheel,
        }
        rows = [f"{path},{_recorded(content)}\n" for path, content in contents.items()]
        contents[f"{info}/RECORD"] = "".join([*rows, f"{info}/RECORD,,\n"])
        path = folder / f"{name}-{version}-{tag}.whl"
        with zipfile.ZipFile(path, "w") as archive:
            for file, content in contents.items():
                archive.writestr(file, content)
        return path

    return make


@pytest.fixture
def built(make_bundle: MakeBundle, make_wheel: MakeWheel) -> Path:
    """Return the folder that a whole build of two packages has left."""
    bundle = make_bundle(requirements=["requirements.txt"])
    for name in ("one", "two"):
        make_wheel(bundle.path / "project" / "wheels", name)
    offline(bundle, "one\ntwo")
    ended = bundle.run()
    assert ended.status == 0, ended.errors
    return ended.out


def _recorded(content: str | bytes) -> str:
    """Return hash and size as RECORD has them."""
    data = content.encode() if isinstance(content, str) else content
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
    return f"sha256={digest},{len(data)}"


@pytest.fixture(scope="session")
def native_library() -> bytes:
    """A real compiled module of this machine."""
    spec = __import__("importlib.util").util.find_spec("cryptography.hazmat.bindings._rust")
    return Path(spec.origin).read_bytes()


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture(scope="session")
def uv_program() -> Path:
    return UV
