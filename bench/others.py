"""The other sides: ``pip install --target`` with zipfile, and ``sam build``."""

from __future__ import annotations

import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

from bench.measure import Usage, run
from bench.ours import ARCHITECTURE, PYTHON
from bench.spent import set_aside

LEVEL = 6
REPOSITORY = Path(__file__).resolve().parents[1]

TEMPLATE = f"""AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Resources:
  Layer:
    Type: AWS::Serverless::LayerVersion
    Properties:
      ContentUri: layer
      CompatibleRuntimes: [python{PYTHON}]
    Metadata:
      BuildMethod: python{PYTHON}
      BuildArchitecture: {ARCHITECTURE}
"""


class Pip:
    """pip into a folder, and zipfile with zlib's level 6 over it."""

    def __init__(self, python: Path, pins: str, folder: Path, env: Mapping[str, str]) -> None:
        self._python = str(python)
        self._folder = folder
        self._env = dict(env)
        (folder / "requirements.txt").write_text(pins)

    @property
    def layer(self) -> Path:
        """The zip that was made."""
        return self._folder / "layer.zip"

    @property
    def content(self) -> Path:
        """The folder that was installed."""
        return self._folder / "python"

    def build(self) -> Usage:
        """Install and zip."""
        set_aside(self.content, self._folder)
        install = ["-m", "pip", "install", "--quiet", "--no-deps", "--disable-pip-version-check"]
        install += ["--target", "python", "-r", "requirements.txt"]
        usage = run([self._python, *install], self._folder, self._env)
        return usage + zip_apart(self._folder, self.layer, self._env)


class Sam:
    """``sam build`` of a layer: it makes a folder; the zip that Lambda wants comes after it."""

    def __init__(self, sam: Path, pins: str, folder: Path, env: Mapping[str, str]) -> None:
        self._sam = str(sam)
        self._folder = folder
        self._env = {**env, "SAM_CLI_TELEMETRY": "0"}
        (folder / "layer").mkdir()
        (folder / "layer" / "requirements.txt").write_text(pins)
        (folder / "template.yaml").write_text(TEMPLATE)

    def build(self) -> Usage:
        """Build."""
        set_aside(self._folder / ".aws-sam", self._folder)
        return run([self._sam, "build"], self._folder, self._env)

    def pack(self) -> Usage:
        """Zip what was built."""
        built = self._folder / ".aws-sam" / "build" / "Layer"
        return zip_apart(built, self._folder / "layer.zip", self._env)


def zip_apart(folder: Path, path: Path, env: Mapping[str, str]) -> Usage:
    """Zip a folder in a process of its own."""
    command = [sys.executable, "-m", "bench.others", str(folder), str(path)]
    return run(command, folder, {**env, "PYTHONPATH": str(REPOSITORY)})


def zip_folder(folder: Path, path: Path, inside: str = "python") -> int:
    """Zip a folder as one does by hand; return the zip's size."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=LEVEL) as archive:
        for file in sorted((folder / inside).rglob("*")):
            if file.is_file():
                archive.write(file, file.relative_to(folder))
    return path.stat().st_size


if __name__ == "__main__":
    zip_folder(Path(sys.argv[1]), Path(sys.argv[2]))
