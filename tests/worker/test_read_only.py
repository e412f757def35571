"""The worker on a machine like CodeBuild's Lambda compute: no root, and one folder to write to.

The kernel does it: a namespace of mounts where all but that folder is read-only, and a user without
rights in it. It needs no root, but a kernel that lets users make such namespaces.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.patience import PATIENCE
from tests.worker.samples import mine, offline

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.worker.conftest import Bundle, MakeBundle, MakeWheel

CLOSE = r"""
set -e
own=$1; shift
mount --bind "$own" "$own"
cd "$own"
# /proc stays: the namespace of the user below is made there.
while read -r _ point _ options _; do
    point=$(printf '%b' "$point")
    case "$point" in "$own"|/proc|/proc/*) continue;; esac
    kept=$(printf '%s' "$options" | tr , '\n' | grep -x 'nosuid\|nodev\|noexec\|relatime' || true)
    mount -o "remount,bind,ro,$(printf '%s' "$kept" | tr '\n' ,)" "$point" 2> /dev/null || true
done < /proc/mounts
exec unshare --user --map-user=1000 --map-group=1000 -- "$@"
"""
"""A mount that is not reached any more (hidden by another) may stay; the probe below decides."""

PROBE = """
import os, sys
assert os.getuid() == 1000, os.getuid()
for place in sys.argv[1:]:
    try:
        open(os.path.join(place, "probe"), "w").close()
    except OSError:
        continue
    sys.exit(f"{place} can be written to")
"""


def confined(own: Path, command: Sequence[str | Path]) -> subprocess.CompletedProcess[str]:
    """Run a command as a plain user with one folder to write to, where HOME and TMPDIR are."""
    outer = ["unshare", "--user", "--map-root-user", "--mount", "--propagation", "private", "--"]
    for name in ("tmp", "home"):
        (own / name).mkdir(exist_ok=True)
    kept = {k: v for k, v in os.environ.items() if k not in ("UV_CACHE_DIR", "XDG_CACHE_HOME")}
    return subprocess.run(
        [*outer, "sh", "-c", CLOSE, "sh", own, *command],
        cwd=own,
        env={**kept, "HOME": str(own / "home"), "TMPDIR": str(own / "tmp")},
        capture_output=True,
        text=True,
        timeout=2 * PATIENCE,
        check=False,
    )


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """The one folder; skip where the kernel makes no such namespaces."""
    folder = tmp_path / "the one folder"
    folder.mkdir()
    if shutil.which("unshare") is None:
        pytest.skip("there is no unshare (util-linux)")
    there = (tmp_path, Path(sys.prefix), Path.cwd(), Path.home(), "/", "/tmp", "/dev/shm")
    probe = confined(folder, [sys.executable, "-c", PROBE, *map(str, there)])
    if probe.returncode:
        pytest.skip(f"this machine makes no such namespaces: {probe.stderr.strip()[-200:]}")
    return folder


def dependent(make_bundle: MakeBundle, make_wheel: MakeWheel, folder: str) -> Bundle:
    """Return a bundle of a package of the project, and of a dependency that lies beside it."""
    bundle = make_bundle(
        mine(), package="libs/mine", requirements=["requirements.txt"], folder=folder
    )
    make_wheel(bundle.path / "project" / "wheels", "plain")
    offline(bundle, "plain==1.0")
    return bundle


@pytest.mark.slow
def test_it_writes_to_the_folder_it_is_given_and_needs_no_root(
    own: Path, make_bundle: MakeBundle, make_wheel: MakeWheel
) -> None:
    usual = dependent(make_bundle, make_wheel, "usual").run()
    assert usual.status == 0, usual.errors
    bundle = dependent(make_bundle, make_wheel, f"{own.name}/src")

    start = 'cd src && exec "$0" worker.pyz build'
    ended = confined(own, ["sh", "-c", start, sys.executable])

    assert ended.returncode == 0, ended.stderr
    made = type(usual)(0, ended.stdout, ended.stderr, bundle.path / "out")
    assert made.manifest["code_sha256"] == usual.manifest["code_sha256"]


@pytest.mark.slow
def test_an_error_of_the_machine_says_what_another_may_have(
    own: Path, make_bundle: MakeBundle, make_wheel: MakeWheel
) -> None:
    """Here the bundle's own folder is the one that cannot be written to."""
    bundle = dependent(make_bundle, make_wheel, "elsewhere")
    start = f"cd '{bundle.path}' && LAYER_COMPUTE=lambda exec \"$0\" worker.pyz build"

    ended = confined(own, ["sh", "-c", start, sys.executable])

    assert ended.returncode == 1
    assert "the build machine refused: Read-only file system" in ended.stderr
    assert "  needs:    root, or a place to write to" in ended.stderr
