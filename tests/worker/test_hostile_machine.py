"""What code of packages tries with the machine that builds: processes, sockets, devices, limits.

Each attack is one statement that does no harm where it succeeds; what gets through is named, with
what keeps it from mattering (docs/security.md, "What is not covered").
"""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import textwrap
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from builder.worker import cage
from builder.worker.sandbox import Sandbox
from tests.patience import PATIENCE
from tests.worker.hostile import evil, evil_sdist
from tests.worker.samples import offline
from tests.worker.test_hostile import INNOCENT, WITHOUT_LANDLOCK, kernels

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.worker.conftest import Bundle, MakeBundle, MakeWheel

has_landlock = pytest.mark.skipif(not cage.landlock_abi(), reason="this kernel has no Landlock")

PREPARED = """
import ctypes, errno, os, resource, socket, sys
libc = ctypes.CDLL(None, use_errno=True)
foreign, outside = sys.argv[1], [os.getppid(), int(sys.argv[2])]
PTRACE_SEIZE, NEW_USER, NEW_MOUNTS = 0x4206, 0x10000000, 0x20000
PIDFD_SEND_SIGNAL, PIDFD_GETFD = 424, 438

class Part(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("size", ctypes.c_size_t)]

def call(name, *words):
    if getattr(libc, name)(*words) < 0:
        raise OSError(ctypes.get_errno(), name)

def connect(address, kind=socket.SOCK_STREAM):
    with socket.socket(socket.AF_UNIX, kind) as end:
        end.connect(address)

def mount():
    # Who may mount is told that there is no such file system.
    try:
        call("mount", b"none", foreign.encode(), b"no-such", 0, None)
    except OSError as error:
        if error.errno != errno.ENODEV:
            raise

def memory(pid):
    # An address that is mapped in both: libc's data is below the same one after a fork.
    buffer = ctypes.create_string_buffer(8)
    here = Part(ctypes.cast(buffer, ctypes.c_void_p).value, 8)
    return pid, ctypes.byref(here), 1, ctypes.byref(here), 1, 0

def some(action):
    # Through if it works on any process outside: the cage, and one that is no parent.
    for pid in outside:
        try:
            return action(pid)
        except OSError:
            pass
    raise OSError("none")
"""

DENIED = {
    "stop others by ptrace": "some(lambda pid: call('ptrace', PTRACE_SEIZE, pid, 0, 0))",
    "read the environment of others": "some(lambda pid: open(f'/proc/{pid}/environ').close())",
    "read the memory of others": "some(lambda pid: open(f'/proc/{pid}/mem', 'rb').close())",
    "write the memory of others": "some(lambda pid: open(f'/proc/{pid}/mem', 'r+b', 0).close())",
    "copy the memory of others": "some(lambda pid: call('process_vm_readv', *memory(pid)))",
    "write into what others write": "some(lambda pid: os.open(f'/proc/{pid}/fd/1', os.O_WRONLY))",
    "take over an open file of others": "some(lambda pid: call("
    "'syscall', PIDFD_GETFD, os.pidfd_open(pid), 1, 0))",
    "go where others are": "some(lambda pid: os.listdir(f'/proc/{pid}/cwd/'))",
    "choose who ends when memory is short": "some(lambda pid: os.open("
    "f'/proc/{pid}/oom_score_adj', os.O_WRONLY))",
    "raise its limits": "resource.setrlimit(resource.RLIMIT_NOFILE, (1 << 20, 1 << 20))",
    "raise limits of others": "some(lambda pid: resource.prlimit("
    "pid, resource.RLIMIT_NOFILE, (1 << 20, 1 << 20)))",
    "go before others": "os.nice(-5)",
    "move to another control group": "os.open('/sys/fs/cgroup/cgroup.procs', os.O_WRONLY)",
    "change the kernel's settings": "os.open('/proc/sys/kernel/core_pattern', os.O_WRONLY)",
    "change the machine's settings": "os.open('/etc/hosts', os.O_WRONLY | os.O_APPEND)",
    "make a device": "os.mknod('device', 0o20666, os.makedev(1, 5))",
    "write the kernel's log": "os.open('/dev/kmsg', os.O_WRONLY)",
    "mount something": "mount()",
    "mount something, as root of its own namespace": "(call('unshare', NEW_USER | NEW_MOUNTS), "
    "mount())",
}
"""Denied wherever there is Landlock."""

DENIED_BY_SCOPES = {
    "signal others": "some(lambda pid: os.kill(pid, 0))",
    "signal others by a descriptor": "some(lambda pid: call("
    "'syscall', PIDFD_SEND_SIGNAL, os.pidfd_open(pid), 0, None, 0))",
    "signal groups of others": "some(lambda pid: os.killpg(os.getpgid(pid), 0))",
    "connect to an abstract socket": "connect(chr(0) + foreign)",
    "send to an abstract socket": "connect(chr(0) + foreign + '-d', socket.SOCK_DGRAM)",
}
"""Denied from Landlock's ABI 6 on."""

THROUGH = {
    "lower limits of others": "some(lambda pid: resource.prlimit("
    "pid, resource.RLIMIT_CORE, (0, 0)))",
    "connect to a socket that is a file": "connect(foreign + '/socket')",
    "change the mode of a file": "os.chmod(foreign + '/file', 0o600)",
    "change the time of a file": "os.utime(foreign + '/file', (1, 1))",
}
"""What Landlock has no rule for; docs/security.md says what comes of each."""

WITHOUT_A_CAGE = {
    *("read the environment of others", "write into what others write", "signal others"),
    *("connect to an abstract socket", *THROUGH),
}
"""What gets through where there is none, whoever it runs as, and does no harm."""

ATTACKS = {**DENIED, **DENIED_BY_SCOPES, **THROUGH}

TRIES = """
for name, code in ATTACKS.items():
    child = os.fork()
    if child == 0:
        try:
            exec(code)
        except OSError:
            os._exit(1)
        except ValueError as error:
            os._exit("not allowed to raise" in str(error))
        except BaseException as error:
            print("broken:", name, repr(error), flush=True)
        os._exit(0)
    if os.waitpid(child, 0)[1] == 0:
        print(name, flush=True)
"""


@pytest.fixture
def foreign(tmp_path: Path) -> Iterator[Path]:
    """A folder that is not the cage's own, with a file and sockets that somebody listens to."""
    folder = tmp_path / "foreign"
    folder.mkdir()
    (folder / "file").write_text("as it was")
    kinds = {
        str(folder / "socket"): socket.SOCK_STREAM,
        f"\0{folder}": socket.SOCK_STREAM,
        f"\0{folder}-d": socket.SOCK_DGRAM,
    }
    with contextlib.ExitStack() as stack:
        for name, kind in kinds.items():
            end = stack.enter_context(socket.socket(socket.AF_UNIX, kind))
            end.bind(name)
            if kind == socket.SOCK_STREAM:
                end.listen()
        yield folder


@pytest.fixture
def other() -> Iterator[int]:
    """A process of the same user that is neither in the cage nor above it."""
    command = [sys.executable, "-c", "input()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        yield process.pid
        process.communicate(b"\n", timeout=PATIENCE)


def got_through(
    own: Path, foreign: Path, other: int, attacks: Mapping[str, str], *, caged: bool
) -> set[str]:
    """Return the names of those attacks that get through."""
    own.mkdir()
    code = f"{PREPARED}\nATTACKS = {attacks!r}\n{TRIES}"
    program = [sys.executable, "-c", code, str(foreign), str(other)]
    ended = subprocess.run(
        Sandbox(own).command(program) if caged else program,
        cwd=own,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    return set(ended.stdout.splitlines())


@has_landlock
def test_what_gets_out_of_the_cage_is_what_the_page_says(
    tmp_path: Path, foreign: Path, other: int
) -> None:
    scopes = set() if cage.landlock_abi() >= 6 else set(DENIED_BY_SCOPES)

    found = got_through(tmp_path / "own", foreign, other, ATTACKS, caged=True)

    assert found - scopes == set(THROUGH)


def test_the_attacks_are_real_ones(tmp_path: Path, foreign: Path, other: int) -> None:
    harmless = {name: ATTACKS[name] for name in WITHOUT_A_CAGE}

    assert got_through(tmp_path / "own", foreign, other, harmless, caged=False) == WITHOUT_A_CAGE


AT_A_TERMINAL = """
import fcntl, subprocess, sys, termios
fcntl.ioctl(int(sys.argv[1]), termios.TIOCSCTTY, 0)
sys.exit(subprocess.run(sys.argv[2:], stdin=subprocess.DEVNULL).returncode)
"""
"""Starts a program as one who sits at a terminal does."""


def test_the_terminal_of_who_starts_a_build_is_closed_to_it(tmp_path: Path) -> None:
    ours, theirs = os.openpty()
    program = [sys.executable, "-c", "print('through', file=open('/dev/tty', 'w'))"]
    command = [sys.executable, "-c", AT_A_TERMINAL, str(theirs)]

    free, caged = (
        subprocess.run(
            [*command, *started],
            pass_fds=[theirs],
            start_new_session=True,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        for started in (program, Sandbox(tmp_path).command(program))
    )

    os.close(theirs)
    os.close(ours)
    assert free.returncode == 0
    assert caged.returncode != 0
    assert "/dev/tty" in caged.stderr


@pytest.fixture
def bundle(make_bundle: MakeBundle, make_wheel: MakeWheel) -> Bundle:
    """A bundle with an index that has an innocent wheel."""
    bundle = make_bundle(requirements=["requirements.txt"])
    make_wheel(bundle.path / "project" / "wheels", "innocent", files=INNOCENT)
    offline(bundle, "innocent\nevil")
    return bundle


WRITES = """
import os, pathlib
own = [os.environ["TMPDIR"], str(pathlib.Path(os.environ["TMPDIR"]).parent.with_name("project"))]
own.append(str(pathlib.Path(os.environ["HOME"]).parent) if {built} else os.environ["HOME"])
through = []
for top in {places!r}:
    for place, folders, files in os.walk(top):
        if any(place == mine or place.startswith(mine + "/") for mine in own):
            continue
        for name in files:
            try:
                os.close(os.open(os.path.join(place, name), os.O_WRONLY))
                through.append(os.path.join(place, name))
            except OSError:
                pass
        try:
            planted = os.path.join(place, "planted-by-a-test.pth")
            os.close(os.open(planted, os.O_WRONLY | os.O_CREAT | os.O_EXCL))
            through.append(planted)
            os.unlink(planted)
        except OSError:
            pass
if through:
    raise RuntimeError(f"THROUGH: {{through[:5]}}")
"""
"""Opens all files, and makes one in all folders, but for what it is given to write to."""


@pytest.mark.slow
@has_landlock
@pytest.mark.parametrize("when", ["built", "imported"])
def test_worker_tools_request_and_programs_cannot_be_replaced_while_they_run(
    bundle: Bundle, tmp_path: Path, when: str
) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("uv", "pip", "git", "strip", "rm"):
        (programs / name).write_text("#!/bin/sh\nexit 1\n")
    site = [str(Path(sys.prefix) / "bin"), str(Path(pytest.__file__).parent)]
    places = [str(bundle.path), str(programs), *site]
    attack = WRITES.format(places=places, built=when == "built")
    if when == "built":
        attack = f"try:\n{textwrap.indent(attack, '    ')}\nexcept Exception as error:\n"
        attack += "    return 'raise RuntimeError(' + ascii(str(error)) + ')'\n"
    evil_sdist(
        bundle.path / "project" / "wheels",
        attack if when == "built" else "",
        attack if when == "imported" else "",
    )
    path = f"{os.environ['PATH']}{os.pathsep}{programs}"

    result = bundle.run(env={"PATH": path})

    assert result.status == 0, result.errors
    assert (result.unpack(tmp_path / "opt") / "evil.py").is_file()


LIMITS = """
import os, resource
pid = os.getpid()
while pid > 1:
    if b"worker.pyz" in open(f"/proc/{{pid}}/cmdline", "rb").read():
        resource.prlimit(pid, resource.RLIMIT_{name}, ({value}, {value}))
    pid = int(open(f"/proc/{{pid}}/stat").read().rpartition(")")[2].split()[1])
"""


@pytest.mark.slow
@pytest.mark.parametrize(("name", "value"), [("FSIZE", 100), ("NOFILE", 3)])
def test_a_worker_whose_limits_were_lowered_leaves_nothing(
    bundle: Bundle, name: str, value: int
) -> None:
    evil_sdist(bundle.path / "project" / "wheels", LIMITS.format(name=name, value=value))

    result = bundle.run()

    assert result.status != 0
    assert "Traceback" not in result.errors
    assert not (result.out / "layer.zip").exists()
    assert not (result.out / "manifest.json").exists()


CHANGES_MODES = """
import os, pathlib
for path in pathlib.Path(__file__).parent.rglob("*"):
    os.chmod(path, 0o777)
"""


@pytest.mark.slow
@kernels
def test_modes_that_a_module_changes_are_not_those_of_the_zip(bundle: Bundle, before: str) -> None:
    evil_sdist(bundle.path / "project" / "wheels", "", CHANGES_MODES)

    result = bundle.run(before=before)

    assert result.status == 0, result.errors
    with zipfile.ZipFile(result.out / "layer.zip") as archive:
        assert {info.external_attr >> 16 & 0o777 for info in archive.infolist()} == {0o644}


@pytest.mark.slow
def test_hooks_of_a_git_repository_do_not_run(make_bundle: MakeBundle, tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    for name, text in evil("").items():
        path = repository / name.removeprefix("libs/evil/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    for words in (["init", "-q", "."], ["add", "-A"], ["commit", "-qm", "one"]):
        command = ["git", "-c", "user.email=a@example.com", "-c", "user.name=a", *words]
        subprocess.run(command, cwd=repository, check=True, timeout=PATIENCE)
    hooks = repository / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    for name in ("post-checkout", "post-merge", "reference-transaction", "post-index-change"):
        (hooks / name).write_text(f"#!/bin/sh\ntouch {tmp_path}/ran-$0\n")
        (hooks / name).chmod(0o755)

    bundle = make_bundle(dependencies=[f"evil @ git+file://{repository}"])
    result = bundle.run(before=WITHOUT_LANDLOCK)

    assert result.status == 0, result.errors
    assert list(tmp_path.glob("ran-*")) == []
