"""The application as cdktf sees it: its layers, and the example's function if it is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from builder.spec.app_spec import AppSpec
from builder.spec.layer_spec import LayerSpec
from builder.spec.service_spec import ServiceSpec
from modules.layer import synthesis
from modules.layer.stack import LayersStack, Sources
from stacks.example import ExampleStack


def synthesize(
    app: AppSpec,
    layers: Sequence[LayerSpec],
    *,
    project: Path,
    outdir: Path,
    sources: Sources | None = None,
    proof: bool = False,
    services: Sequence[ServiceSpec] = (),
) -> Path:
    """Write an application's Terraform JSON below ``outdir``; return the folder it is in.

    With ``proof`` there is also a function that imports what is in the example's layers.
    """
    stack = ExampleStack if proof else LayersStack
    return synthesis.synthesize(
        app,
        layers,
        project=project,
        outdir=outdir,
        sources=sources,
        stack=stack,
        services=services,
    )
