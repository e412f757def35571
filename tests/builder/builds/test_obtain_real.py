"""Layers for several runtimes by the real worker, imported by the interpreter of each runtime."""

import io
import json
import platform
import re
import subprocess
import tarfile
import zipfile
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from builder.clock import Clock
from builder.errors import BuildFailed
from builder.layer.layer import Layer
from builder.operations.logs import build_logs
from builder.release.release import ensure
from builder.spec.runtimes import Target
from embedded.codebuild.interpreters import for_image
from tests.builder.conftest import ACCOUNT, REGION, World, order_of
from tests.patience import PATIENCE
from tests.serving import serving

PYTHONS = ("3.10", "3.12", "3.13")
ARCHITECTURE = {"aarch64": "arm64"}.get(platform.machine(), platform.machine())

SETUP = """
from setuptools import Extension, setup
setup(name="fll_compiled", version="1.0", packages=["fll_compiled"],
      ext_modules=[Extension("fll_compiled._part", ["part.c"])])
"""
PART = """
#define PY_SSIZE_T_CLEAN
#include <Python.h>
static PyModuleDef module = {PyModuleDef_HEAD_INIT, "_part", NULL, -1, NULL};
PyMODINIT_FUNC PyInit__part(void) {
    PyObject *made = PyModule_Create(&module);
    if (made && PyModule_AddStringConstant(made, "COMPILED_FOR", PY_VERSION)) return NULL;
    return made;
}
"""
PROVE = """
import json, sys
sys.path.insert(0, sys.argv[1])
import markupsafe, markupsafe._speedups, fll_compiled._part as part
print(json.dumps([part.COMPILED_FOR, str(markupsafe.escape("<")), part.__file__]))
"""


def interpreter(python: str) -> Path:
    """Return the interpreter that builds for a version get here; skip when there is none."""
    nothing = Path("/nowhere")
    found = for_image(Target(python, ARCHITECTURE).build_image, nothing)
    if found == nothing:
        pytest.skip(f"python{python} with pip is not at hand (pyenv install {python})")
    return found


def sdist(folder: Path, files: dict[str, str]) -> None:
    """Write the source distribution of a package that must be compiled."""
    folder.mkdir()
    info = "Metadata-Version: 2.1\nName: fll_compiled\nVersion: 1.0\n"
    contents = {"setup.py": SETUP, "fll_compiled/__init__.py": "", "PKG-INFO": info, **files}
    with tarfile.open(folder / "fll_compiled-1.0.tar.gz", "w:gz") as archive:
        for path, text in contents.items():
            member = tarfile.TarInfo(f"fll_compiled-1.0/{path}")
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()))


@pytest.fixture
def index(tmp_path: Path) -> Iterator[str]:
    """A package index of the folder links."""
    handler = partial(SimpleHTTPRequestHandler, directory=str(tmp_path / "links"))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    with serving(server):
        yield f"http://127.0.0.1:{server.server_port}/"


def build_for_real(world: World) -> None:
    """Let builds of the layer web run as the stack has it: by its buildspec and role."""
    from modules.layer import policies
    from modules.layer.buildspec import buildspec_text  # here: the package starts Node

    world.aws.client("codebuild").update_project(
        name=world.name, source={"type": "NO_SOURCE", "buildspec": buildspec_text()}
    )
    world.aws.client("logs").create_log_group(logGroupName=f"/aws/codebuild/{world.name}")
    logs = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/codebuild/{world.name}"
    allowed = policies.build(f"arn:aws:s3:::{world.name}", "web", logs)
    world.aws.client("iam").put_role_policy(
        RoleName=world.name, PolicyName="p", PolicyDocument=json.dumps(allowed)
    )


@pytest.fixture
def real(world: World, tmp_path: Path, index: str) -> Layer:
    """A layer for three runtimes, built as the stack has it built: by its buildspec and role."""
    for python in PYTHONS:
        interpreter(python)
    build_for_real(world)
    (tmp_path / "requirements.txt").write_text(f"--find-links {index}\nfll_compiled\nmarkupsafe\n")
    return world.layer(
        package=None,
        requirements=("requirements.txt",),
        python=PYTHONS,
        architecture=ARCHITECTURE,
    )


@pytest.mark.slow
def test_what_must_be_compiled_is_there_for_each_runtime(
    world: World, real: Layer, tmp_path: Path
) -> None:
    sdist(tmp_path / "links", {"part.c": PART})

    release = ensure(real, order_of(real), progress=print, clock=Clock())

    content = world.read(f"web/artifacts/{real.fingerprint}/layer.zip")
    zipfile.ZipFile(io.BytesIO(content)).extractall(tmp_path / "opt")
    for python in PYTHONS:
        folder = tmp_path / f"opt/python/lib/python{python}/site-packages"
        said = subprocess.run(
            [interpreter(python), "-I", "-S", "-c", PROVE, folder],
            capture_output=True, text=True, check=True,
            timeout=PATIENCE,
        )  # fmt: skip
        compiled_for, escaped, file = json.loads(said.stdout)
        assert compiled_for.startswith(f"{python}.")
        assert escaped == "&lt;"
        assert file.startswith(str(folder))
    manifest = json.loads(world.read(f"web/artifacts/{real.fingerprint}/manifest.json"))
    assert {lock["file"] for lock in manifest["locks"]} == {f"lock-{p}.txt" for p in PYTHONS}
    assert {p["name"] for p in manifest["packages"]} == {"fll-compiled", "markupsafe"}
    assert list(release.builds) == [f"python{python}" for python in PYTHONS]
    log = list(build_logs(real, follow=False, clock=Clock()))
    for python in PYTHONS:
        pattern = rf"python{re.escape(python)} +\| .*importing \d+ modules with python{python}"
        assert any(re.match(pattern, line) for line in log), python
    assert any(re.match(r"merge +\| .*done: 2 packages", line) for line in log)


@pytest.mark.slow
def test_what_cannot_be_compiled_for_one_runtime_is_reported_with_its_name(
    real: Layer, tmp_path: Path
) -> None:
    only_older = f"{PART}\n#if PY_VERSION_HEX >= 0x030d0000\n#error too new for us\n#endif\n"
    sdist(tmp_path / "links", {"part.c": only_older})

    with pytest.raises(BuildFailed, match=r"of layer 'web' for python3\.13 failed") as caught:
        ensure(real, order_of(real), clock=Clock())

    assert "too new for us" in caught.value.what
    record = real.records.load()
    assert record is not None
    assert record.attempt is not None
    assert record.attempt.failed == ("python3.13",)
