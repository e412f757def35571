"""Builds of what the plan bundles: both ends of the road."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING, Any

from builder.inputs.bundle import bundle
from builder.inputs.source_files import source_files
from tests.builder.conftest import spec_of

if TYPE_CHECKING:
    from pathlib import Path

    from builder.worker.request import Target
    from tests.worker.conftest import MakeBundle, Result


def planned(
    make_bundle: MakeBundle, here: Target, root: Path, folder: str = "bundle", **fields: Any
) -> Result:
    """Build what the plan bundles of a project."""
    made = make_bundle(folder=folder, package="x")
    spec = spec_of(python=(here.python,), architecture=here.architecture, **fields)
    content = bundle(spec, root, source_files(spec, root), "0" * 64)
    (made.path / "worker.pyz").unlink()  # the bundle's own takes its place
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        archive.extractall(made.path)
    return made.run()
