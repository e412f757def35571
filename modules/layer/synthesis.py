"""The synthesis: an application's layers, written as Terraform JSON."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from cdktf import App

from builder.spec.app_spec import AppSpec
from builder.spec.layer_spec import LayerSpec
from modules.layer.stack import LayersStack, Sources


def synthesize(
    app: AppSpec,
    layers: Sequence[LayerSpec],
    *,
    project: Path,
    outdir: Path,
    sources: Sources | None = None,
    stack: type[LayersStack] = LayersStack,
) -> Path:
    """Write an application's Terraform JSON below ``outdir``; return the folder it is in.

    ``stack`` is the class of the stack: LayersStack, or one of your own that adds to it.

    ``project`` is the folder that the paths in the specs are relative to. In the JSON it is named
    by its way from there, so that another checkout gives the same bytes.
    """
    construct = App(outdir=str(outdir), stack_traces=False)
    folder = outdir.resolve() / "stacks" / app.name
    shutil.rmtree(folder / "assets", ignore_errors=True)  # what the last synthesis left
    way = Path(os.path.relpath(project.resolve(), folder)).as_posix()
    root = f"${{path.module}}/{way}"
    stack(construct, app.name, app=app, layers=layers, root=root, sources=sources)
    construct.synth()
    return folder
