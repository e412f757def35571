"""A build whose own code and dependencies are hostile: nothing of it reaches another's bytes."""

import json
from typing import TYPE_CHECKING

import pytest

from builder.worker import cage
from tests.worker.hostile import evil
from tests.worker.samples import offline

if TYPE_CHECKING:
    from pathlib import Path

    from tests.worker.conftest import Bundle, MakeBundle, MakeWheel

INNOCENT = {"innocent.py": "POISONED = False\n"}

POISON = """
import os
roots = [os.environ.get(name) for name in ("UV_CACHE_DIR", "PIP_CACHE_DIR", "HOME", "TMPDIR")]
roots += [{bundle!r}]
# Only below the test's own folder: without this it overwrites the wheels of the machine it runs on.
roots = [r for r in filter(None, roots) if r.startswith({own!r})]
for root in roots:
    for path in pathlib.Path(root).rglob("innocent.py"):
        try:
            path.unlink()
            path.write_text("POISONED = True\\n")
        except OSError:
            pass
    for path in pathlib.Path(root).rglob("*.whl"):
        try:
            path.write_bytes(b"poisoned")
        except OSError:
            pass
"""
"""Replaces a module of another package, and every wheel, wherever it finds one."""


WITHOUT_LANDLOCK = """
import worker.cage, worker.sandbox
read = worker.sandbox.pkgutil.get_data
worker.sandbox.landlock_abi = lambda: 0
worker.sandbox.pkgutil.get_data = lambda *names: read(*names).replace(b"= 444,", b"= 44444,")
"""
"""Makes the worker see a kernel that does not know Landlock."""

kernels = pytest.mark.parametrize("before", ["", WITHOUT_LANDLOCK], ids=["landlock", "without"])


def bundle_with(bundle: "Bundle", make_wheel: "MakeWheel", lines: str) -> "Bundle":
    """Give a bundle an index with an innocent package, and requirements."""
    make_wheel(bundle.path / "project" / "wheels", "innocent", files=INNOCENT)
    offline(bundle, lines)
    return bundle


@pytest.mark.slow
@kernels
def test_the_next_build_is_that_of_a_machine_that_never_met_the_hostile_one(
    make_bundle: "MakeBundle", make_wheel: "MakeWheel", tmp_path: "Path", before: str
) -> None:
    request = {"requirements": ["requirements.txt"]}
    files = evil(POISON.format(bundle=str(tmp_path / "bundle" / ".build"), own=str(tmp_path)))
    met = bundle_with(make_bundle(files, **request), make_wheel, "innocent\n./libs/evil")
    never = bundle_with(make_bundle(folder="never", **request), make_wheel, "innocent")

    first = met.run(before=before)
    offline(met, "innocent")
    second, other = met.run(before=before), never.run()

    assert (first.status, second.status, other.status) == (0, 0, 0), first.errors + second.errors
    assert (second.out / "layer.zip").read_bytes() == (other.out / "layer.zip").read_bytes()
    assert second.manifest["packages"] == other.manifest["packages"]
    bills = [json.loads((built.out / "sbom.cdx.json").read_text()) for built in (second, other)]
    assert bills[0]["components"] == bills[1]["components"]
    assert not (met.path / ".cache").exists()
    confined = not before and cage.landlock_abi() > 0
    assert ("no Landlock" in first.output) == (not confined)
    assert first.manifest["confined"] == confined


@pytest.mark.slow
@kernels
def test_a_backend_cannot_change_what_the_same_build_installs(
    make_bundle: "MakeBundle", make_wheel: "MakeWheel", tmp_path: "Path", before: str
) -> None:
    files = evil(POISON.format(bundle=str(tmp_path / "bundle" / ".build"), own=str(tmp_path)))
    bundle = make_bundle(files, requirements=["requirements.txt"])
    bundle_with(bundle, make_wheel, "innocent\n./libs/evil")

    result = bundle.run(before=before)

    assert result.status == 0, result.errors
    installed = result.unpack(tmp_path / "opt")
    assert (installed / "innocent.py").read_text() == INNOCENT["innocent.py"]


@pytest.mark.slow
@kernels
def test_a_module_that_changes_another_package_when_it_is_imported_is_refused_or_of_no_effect(
    make_bundle: "MakeBundle", make_wheel: "MakeWheel", tmp_path: "Path", before: str
) -> None:
    module = """
        import pathlib
        for path in pathlib.Path(__file__).parent.glob("*.py"):
            if path.name != "evil.py":
                path.write_text("POISONED = True")
    """
    files = evil("", module)
    bundle = make_bundle(files, requirements=["requirements.txt"])
    bundle_with(bundle, make_wheel, "innocent\n./libs/evil")

    result = bundle.run(before=before)

    if result.status == 0:
        installed = result.unpack(tmp_path / "opt")
        assert (installed / "innocent.py").read_text() == INNOCENT["innocent.py"]
    else:
        assert "innocent.py was changed after it was installed and checked" in result.errors
