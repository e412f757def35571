"""Build backends that try to outlast, stop or mislead the build: it ends, and names the package.

Whatever they do, the build has an end; the other packages' files are those of their wheels, or the
build fails with an error that names the package.
"""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from builder.worker import cage
from tests.worker.hostile import evil, evil_sdist
from tests.worker.samples import offline
from tests.worker.test_hostile import INNOCENT, kernels

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.worker.conftest import Bundle, MakeBundle, MakeWheel, Result

pytestmark = pytest.mark.slow

SECOND = "SECOND = 'as it was written'\n"

HOLDS_ITS_OUTPUT = """
import os, time
if os.fork() == 0:
    os.setsid()
    time.sleep(3600)
"""

FORKS_AND_FORKS = """
import os, time
if os.fork() == 0:
    os.setsid()
    until = time.monotonic() + 3600
    while time.monotonic() < until:
        if os.fork():
            os._exit(0)
    os._exit(0)
"""

KILLS_THOSE_ABOVE = """
import os, signal, time
if os.fork() == 0:
    # It holds what uv writes to, too.
    for name in os.listdir("/proc"):
        try:
            os.open(f"/proc/{int(name)}/fd/1", os.O_WRONLY | os.O_NONBLOCK)
        except (OSError, ValueError):
            pass
    os.setsid()
    time.sleep(3600)
time.sleep(1)
pid = os.getpid()
while pid > 1:
    if b"\\0-S\\0-B" in open(f"/proc/{pid}/cmdline", "rb").read():
        os.kill(pid, signal.SIGKILL)
        time.sleep(3600)
    pid = int(open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()[1])
"""
"""Kills the cage, which the worker waits for, where signals to it are not denied."""

CLOSES_ITS_OUTPUT = """
import os
os.close(1)
os.close(2)
"""

DIGS = """
import os
here = os.open(".", os.O_RDONLY)
for top in (os.environ["TMPDIR"], "."):
    os.chdir(top)
    for _ in range(3000):
        os.mkdir("d")
        os.chdir("d")
    os.fchdir(here)
"""
"""Makes folders deeper than Python's own stack, in its folder and in the project's."""

LOCKS = """
import os, pathlib
for top in (pathlib.Path(os.environ["TMPDIR"]), pathlib.Path.cwd()):
    (top / "locked" / "inside").mkdir(parents=True)
    (top / "locked").chmod(0)
"""

IN_THE_TREE = """
import os, pathlib
tree = pathlib.Path(os.environ["TMPDIR"]).parent / "installed"
tree.mkdir(exist_ok=True)
"""
"""Where uv will install what is built: code that knows it can write there first."""

PLANTS_FILES = (
    IN_THE_TREE
    + """
(tree / "sitecustomize.py").write_text("print('started')")
(tree / "boto3").mkdir()
(tree / "boto3" / "__init__.py").write_text("POISONED = True")
"""
)

PLANTS_A_MODULE_OF_ANOTHER = IN_THE_TREE + """(tree / "second.py").write_text("SECOND = 0")"""

PLANTS_A_PIPE = IN_THE_TREE + """os.mkfifo(tree / "pipe")"""

PLANTS_A_PIPE_AS_ITS_OWN = IN_THE_TREE + """os.mkfifo(tree / "evil.py")"""

SETTLES_IN = """
import pathlib
home = pathlib.Path.home()  # not that of the machine: there is no Landlock in each of the tests
for name in ("uv.toml", ".config/uv/uv.toml", ".config/pip/pip.conf", ".pip/pip.conf",
             ".netrc", ".pydistutils.cfg", ".bashrc", ".local/bin/uv", "bin/python3"):
    (home / name).parent.mkdir(parents=True, exist_ok=True)
    (home / name).write_text("index-url = 'http://127.0.0.1:9/'")
text = "[pip]\\nindex-url = 'http://127.0.0.1:9/'\\nno-binary = [':all:']"
for name in ("uv.toml", "pip.conf", "setup.cfg", "sitecustomize.py", "uv", "python3"):
    pathlib.Path(name).write_text(text)
"""
"""Leaves settings and programs for later steps in its home and in its current folder."""

CHANGES_TIMES = """
import os, pathlib
for path in pathlib.Path(os.environ["TMPDIR"]).parent.rglob("*"):
    try:
        os.utime(path, (1 << 33, 1 << 33))
    except OSError:
        pass
os.environ["SOURCE_DATE_EPOCH"] = "4102444800"
os.umask(0)
"""

HARMLESS = {
    "holds its output": HOLDS_ITS_OUTPUT,
    "closes its output": CLOSES_ITS_OUTPUT,
    "digs": DIGS,
    "locks": LOCKS,
    "plants files": PLANTS_FILES,
    "plants a module of another": PLANTS_A_MODULE_OF_ANOTHER,
    "settles in": SETTLES_IN,
    "changes times": CHANGES_TIMES,
}
"""The build ends well, and nothing of it is in the layer but the package itself."""

OF_THE_PROJECT = {name: HARMLESS[name] for name in ("digs", "locks", "settles in")}
"""The same, of a package of the project: it is built in the project's own folder."""

EITHER = {
    "forks and forks": FORKS_AND_FORKS,
    "kills those above": KILLS_THOSE_ABOVE,
    "plants a pipe as its own": PLANTS_A_PIPE_AS_ITS_OWN,
}
"""Who is faster decides, or what the kernel denies."""


@pytest.fixture
def bundle(make_bundle: MakeBundle, make_wheel: MakeWheel) -> Bundle:
    """A bundle with an index that has an innocent wheel, and a second source distribution."""
    bundle = make_bundle(requirements=["requirements.txt"])
    links = bundle.path / "project" / "wheels"
    make_wheel(links, "innocent", files=INNOCENT)
    evil_sdist(links, "", SECOND, name="second")
    return bundle


@pytest.fixture(autouse=True)
def left(tmp_path: Path) -> Iterator[list[int]]:
    """The processes that are left at the end; they are ended."""
    found: list[int] = []
    yield found
    for pid in running(tmp_path):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def running(folder: Path) -> list[int]:
    """Return the processes that were started with a name of the folder in their command."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if str(folder).encode() in (path / "cmdline").read_bytes():
                found.append(int(path.name))
    return found


def build(bundle: Bundle, attack: str, before: str, *, own: bool) -> Result:
    """Build with the package as the project's own, or as a source distribution of the index."""
    if own:
        for name, text in evil(attack).items():
            (bundle.path / "project" / name).parent.mkdir(parents=True, exist_ok=True)
            (bundle.path / "project" / name).write_text(text)
    else:
        evil_sdist(bundle.path / "project" / "wheels", attack)
    offline(bundle, "innocent\nsecond\n" + ("./libs/evil" if own else "evil"))
    return bundle.run(before=before)


def check_layer(result: Result, tmp_path: Path) -> None:
    """Check that the layer has the three packages as they were written, and no more."""
    python = result.unpack(tmp_path / "opt")
    assert (python / "innocent.py").read_text() == INNOCENT["innocent.py"]
    assert (python / "second.py").read_text() == SECOND
    files = {name for name in result.names if ".dist-info/" not in name}
    assert files == {f"python/{name}.py" for name in ("evil", "innocent", "second")}


@kernels
@pytest.mark.parametrize("attack", HARMLESS.values(), ids=list(HARMLESS))
def test_what_has_no_effect(bundle: Bundle, tmp_path: Path, attack: str, before: str) -> None:
    result = build(bundle, attack, before, own=False)

    assert result.status == 0, result.errors
    check_layer(result, tmp_path)
    assert running(tmp_path) == []


@kernels
@pytest.mark.parametrize("attack", OF_THE_PROJECT.values(), ids=list(OF_THE_PROJECT))
def test_what_has_no_effect_in_the_projects_own_folder(
    bundle: Bundle, tmp_path: Path, attack: str, before: str
) -> None:
    result = build(bundle, attack, before, own=True)

    assert result.status == 0, result.errors
    check_layer(result, tmp_path)
    assert running(tmp_path) == []


@kernels
def test_a_pipe_is_refused_by_the_name_of_its_package(bundle: Bundle, before: str) -> None:
    result = build(bundle, PLANTS_A_PIPE, before, own=False)

    assert result.status == 1
    assert "evil" in result.errors.splitlines()[0]
    assert not (result.out / "layer.zip").exists()
    assert "Traceback" not in result.errors


@kernels
@pytest.mark.parametrize("attack", EITHER.values(), ids=list(EITHER))
def test_what_is_stopped_or_refused_by_name(
    bundle: Bundle, tmp_path: Path, attack: str, before: str
) -> None:
    result = build(bundle, attack, before, own=False)

    if result.status == 0:
        check_layer(result, tmp_path)
        assert running(tmp_path) == []
    else:
        assert "evil" in result.errors.splitlines()[0]
        assert "Traceback" not in result.errors


def test_what_was_put_beside_a_package_is_named(bundle: Bundle) -> None:
    result = build(bundle, PLANTS_FILES, "", own=False)

    assert "2 files that the build of evil has put beside its package: boto3/__init__.py, " in (
        result.output
    )


@pytest.mark.skipif(cage.landlock_abi() < 6, reason="signals stay inside from ABI 6 on")
def test_where_signals_stay_inside_a_backend_cannot_kill_what_watches_it(
    bundle: Bundle, tmp_path: Path
) -> None:
    result = build(bundle, KILLS_THOSE_ABOVE, "", own=False)

    assert result.status == 0, result.errors
    check_layer(result, tmp_path)
