"""Files that are synthesized beside a stack's Terraform JSON, the same bytes on every machine.

cdktf's own TerraformAsset writes zips that carry times and owners, and needs the files to be copied
in one folder first.
"""

from __future__ import annotations

import base64
import hashlib
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cdktf import App, TerraformStack
from constructs import Construct

from builder.inputs.publisher_code import zip_of


@dataclass(frozen=True)
class SourceTree:
    """Files of a layer: ``files`` are POSIX paths relative to ``folder``."""

    folder: Path
    files: tuple[str, ...]


@dataclass(frozen=True)
class FunctionCode:
    """The zip of a Lambda function: where Terraform finds it, and its base64 SHA-256."""

    filename: str
    sha256: str


def bundle_sources(scope: Construct, name: str, sources: SourceTree) -> str:
    """Copy a layer's sources beside the stack's JSON; return where they are for Terraform."""
    folder = _assets(scope) / name
    shutil.rmtree(folder, ignore_errors=True)
    for file in sources.files:
        source, copy = sources.folder / file, folder / file
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, copy)
        copy.chmod(0o755 if source.stat().st_mode & 0o100 else 0o644)
    return f"${{path.module}}/assets/{name}"


def zip_function(scope: Construct, name: str, source: Path) -> FunctionCode:
    """Write the zip of a function that is one file."""
    return zip_files(scope, name, {source.name: source.read_bytes()})


def zip_files(scope: Construct, name: str, files: Mapping[str, bytes]) -> FunctionCode:
    """Write the zip of a function."""
    content = zip_of(files)
    target = _assets(scope) / f"{name}.zip"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
    digest = hashlib.sha256(content).digest()
    return FunctionCode(
        filename=f"${{path.module}}/assets/{name}.zip", sha256=base64.b64encode(digest).decode()
    )


def _assets(scope: Construct) -> Path:
    app, stack = App.of(scope), TerraformStack.of(scope)
    folder = Path(app.outdir) / app.manifest.for_stack(stack).working_directory
    return folder.resolve() / "assets"
