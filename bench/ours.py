"""Our side: a real bundle, and the real worker run in it as CodeBuild runs it."""

from __future__ import annotations

import io
import json
import platform
import sys
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bench.measure import Usage, run
from bench.samples import Sample
from bench.spent import set_aside
from builder.inputs.bundle import bundle
from builder.spec.layer_spec import LayerSpec

PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"
ARCHITECTURE = {"aarch64": "arm64"}.get(platform.machine(), platform.machine())


@dataclass(frozen=True)
class Built:
    """One run of the worker; ``manifest`` tells the time of each step."""

    usage: Usage
    manifest: Mapping[str, Any]
    layer: Path

    @property
    def resolve(self) -> float:
        """Seconds that resolving took."""
        return float(self.manifest["seconds"]["resolve"])

    @property
    def without_resolving(self) -> Usage:
        """What all but resolving took: the worker's start, install, slim, audit, pack, SBOM."""
        return replace(self.usage, wall=self.usage.wall - self.resolve)


class Ours:
    """The worker in one unpacked bundle."""

    def __init__(self, sample: Sample, folder: Path, env: Mapping[str, str]) -> None:
        self._folder = folder
        self._env = dict(env)
        spec = LayerSpec(
            name="bench",
            python=(PYTHON,),
            architecture=ARCHITECTURE,
            dependencies=sample.requirements,
        )
        with zipfile.ZipFile(io.BytesIO(bundle(spec, folder, (), "0" * 64))) as archive:
            archive.extractall(folder)

    def tools(self) -> Usage:
        """Run the install phase."""
        return run([sys.executable, "worker.pyz", "tools"], self._folder, self._env)

    def build(self) -> Built:
        """Run the build phase in a folder without an earlier build, as in a new container."""
        for name in ("out", ".build"):
            set_aside(self._folder / name, self._folder)
        usage = run([sys.executable, "worker.pyz", "build"], self._folder, self._env)
        manifest = json.loads((self._folder / "out" / "manifest.json").read_text())
        return Built(usage, manifest, self._folder / "out" / "layer.zip")

    def pins(self) -> str:
        """Return the versions of the last build, for the others to install the same."""
        lock = (self._folder / "out" / f"lock-{PYTHON}.txt").read_text()
        lines = [line.rstrip(" \\") for line in lock.splitlines()]
        return "".join(f"{line}\n" for line in lines if line[:1].isalnum())
