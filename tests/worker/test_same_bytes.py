"""The same fingerprint gives the same bytes, whoever builds it and where."""

import base64
import hashlib
import os
import random
import shutil
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from builder.worker.request import Target
from tests.worker.samples import mine, offline

if TYPE_CHECKING:
    from tests.worker.conftest import Bundle, MakeBundle, MakeWheel, Result

PYENV = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
MOMENTS = dict.fromkeys(("started_at", "finished_at", "seconds"))
"""What alone may differ in the manifest."""

ODD = {
    "mine/data/ünïcode-日本語.txt": "text\n" * 20,
    "mine/data/" + "long" * 60 + ".txt": "text\n" * 20,
    "mine/data/with space & 'quote'.txt": "",
}


def lasting(result: "Result") -> dict[str, Any]:
    return {**result.manifest, **MOMENTS, "documents": []}  # they say when, too


@pytest.mark.slow
@pytest.mark.slow
def test_folder_umask_and_times_do_not_matter(make_bundle: "MakeBundle") -> None:
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
    assert lasting(first) == lasting(second)


@pytest.mark.slow
def test_the_python_that_runs_the_worker_does_not_matter(
    make_bundle: "MakeBundle", here: Target
) -> None:
    found = {p.parents[1].name: p for p in sorted(PYENV.glob("3.*/bin/python3"))}
    pythons = [p for v, p in found.items() if tuple(map(int, v.split(".")[:2])) >= (3, 9)]
    if len(pythons) < 2:
        pytest.skip("fewer than two Python versions are installed with pyenv")
    # Of the other architecture, so that none of them is the target's own interpreter.
    machine = {"x86_64": "aarch64", "aarch64": "x86_64"}[here.machine]
    architecture = {"aarch64": "arm64"}.get(machine, machine)
    target = Target("3.12", architecture, "2.34", f"{machine}-manylinux_2_34")
    digests = {}
    for python in [Path(sys.executable), *pythons]:
        bundle = make_bundle(
            {**mine(), **{f"libs/mine/src/{name}": text for name, text in ODD.items()}},
            targets=(target,),
            folder=f"by {python.parents[1].name}",
            python=str(python),
            package="libs/mine",
            dependencies=["click==8.1.8", "markupsafe==3.0.2"],
        )
        result = bundle.run(python=str(python))
        assert result.status == 0, result.errors
        digests[str(python)] = result.manifest["code_sha256"]

    assert len(set(digests.values())) == 1, digests


DELAYS = """
import random, time
from worker import sandbox, target
from worker.audit import collisions, imports, verdict
from worker.documents import sbom
from worker.pack import pack

chance = random.Random({seed})

def delayed(place, name):
    action = getattr(place, name)

    def late(*given, **named):
        time.sleep(chance.random() * {most})
        result = action(*given, **named)
        time.sleep(chance.random() * {most})
        return result

    setattr(place, name, late)

delayed(pack, "read")
delayed(pack, "_members")
delayed(pack._Writer, "add")
delayed(collisions, "digest")
delayed(imports, "check")
delayed(verdict, "judge")
delayed(sbom, "load")
"""


@pytest.mark.slow
def test_how_long_each_step_takes_does_not_matter(
    make_bundle: "MakeBundle", make_wheel: "MakeWheel", tmp_path: Path
) -> None:
    chance = random.Random(1)
    for name in ("one", "two", "three"):
        # More files than one thread gets, large ones among them.
        files = {f"{name}/m{n}.py": f"N = {n}\n" * n for n in range(50)}
        files |= {f"{name}/data{n}.bin": chance.randbytes(300_000).hex() for n in range(3)}
        make_wheel(tmp_path / "wheels", name, files={f"{name}/__init__.py": "", **files})
    zips, manifests = set(), []
    for seed in range(4):
        bundle = make_bundle(requirements=["requirements.txt"], folder=f"build-{seed}")
        shutil.copytree(tmp_path / "wheels", bundle.path / "project" / "wheels")
        offline(bundle, "one\ntwo\nthree")
        result = bundle.run(before=DELAYS.format(seed=seed, most=0.02 if seed else 0.0))
        assert result.status == 0, result.errors
        zips.add((result.out / "layer.zip").read_bytes())
        manifests.append(lasting(result))

    assert len(zips) == 1
    for manifest in manifests[1:]:
        assert manifest == manifests[0]


def odd_wheel(bundle: "Bundle", make_wheel: "MakeWheel") -> None:
    """Give the bundle a wheel with odd names, and one file that can be executed."""
    folder = bundle.path / "project" / "wheels"
    files = {"mine/__init__.py": "", "mine/run.sh": "#!/bin/sh\n", **ODD}
    path = make_wheel(folder, "mine", files=files)
    with zipfile.ZipFile(path) as archive:
        entries = [(info, archive.read(info)) for info in archive.infolist()]
    with zipfile.ZipFile(path, "w") as archive:
        for info, data in entries:
            info.external_attr = (0o100755 if info.filename.endswith(".sh") else 0o100640) << 16
            archive.writestr(info, data)


@pytest.mark.slow
def test_long_and_foreign_names_and_exec_bits_are_kept(
    make_bundle: "MakeBundle", make_wheel: "MakeWheel", tmp_path: Path
) -> None:
    bundle = make_bundle(requirements=["requirements.txt"])
    odd_wheel(bundle, make_wheel)
    offline(bundle, "mine")

    result = bundle.run(umask=0o077)

    assert result.status == 0, result.errors
    with zipfile.ZipFile(result.out / "layer.zip") as archive:
        modes = {i.filename: i.external_attr >> 16 for i in archive.infolist()}
    assert {f"python/{name}" for name in ODD} <= set(modes)
    assert modes.pop("python/mine/run.sh") == 0o100755
    assert set(modes.values()) == {0o100644}
    for name, text in ODD.items():
        assert (result.unpack(tmp_path / "opt") / name).read_text() == text


@pytest.mark.slow
def test_a_link_inside_of_a_package_becomes_the_file_that_it_shows(
    make_bundle: "MakeBundle",
) -> None:
    bundle = make_bundle(mine(**{"real.txt": "shown"}), package="libs/mine")
    (bundle.path / "project/libs/mine/src/mine/link.txt").symlink_to("real.txt")

    result = bundle.run()

    assert result.status == 0, result.errors
    with zipfile.ZipFile(result.out / "layer.zip") as archive:
        assert archive.read("python/mine/link.txt") == b"shown"
        assert archive.getinfo("python/mine/link.txt").external_attr >> 16 == 0o100644
