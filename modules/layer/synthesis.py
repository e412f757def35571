"""The synthesis: an application's layers, written as Terraform JSON."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from errno import EDQUOT, ENOSPC, EROFS
from pathlib import Path

from cdktf import App

from builder.errors import LayerError
from builder.spec.app_spec import AppSpec
from builder.spec.layer_spec import LayerSpec
from builder.spec.service_spec import ServiceSpec
from modules.layer import versions
from modules.layer.stack import LayersStack, Sources

REFUSED = re.compile(r"\bE[A-Z]{3,}: ([^,\n]+)")
"""What Node says of a system call that failed (Node.js, "Errors": "System errors")."""

NO_ROOM = {EDQUOT, ENOSPC, EROFS}


def synthesize(
    app: AppSpec,
    layers: Sequence[LayerSpec],
    *,
    project: Path,
    outdir: Path,
    sources: Sources | None = None,
    stack: type[LayersStack] = LayersStack,
    services: Sequence[ServiceSpec] = (),
) -> Path:
    """Write an application's Terraform JSON below ``outdir``; return the folder it is in.

    ``stack`` is the class of the stack: LayersStack, or one of your own that adds to it.

    ``project`` is the folder that the paths in the specs are relative to. In the JSON it is named
    by its way from there, so that another checkout gives the same bytes.
    """
    with _refusals(outdir):
        construct = App(outdir=str(outdir), stack_traces=False)
    folder = outdir.resolve() / "stacks" / app.name
    shutil.rmtree(folder / "assets", ignore_errors=True)  # what the last synthesis left
    way = Path(os.path.relpath(project.resolve(), folder)).as_posix()
    root = f"${{path.module}}/{way}"
    # A class of one's own, made for layers alone, goes on working for them.
    more = {"services": services} if services else {}
    stack(construct, app.name, app=app, layers=layers, root=root, sources=sources, **more)
    with _refusals(outdir):
        construct.synth()
        versions.apart(folder)
    return folder


@contextmanager
def _refusals(outdir: Path) -> Iterator[None]:
    """Raise LayerError where the system does not let Node or Python write the folder."""
    try:
        yield
    except (OSError, RuntimeError) as error:
        of_python = isinstance(error, OSError) and error.errno in NO_ROOM and error.strerror
        of_node = REFUSED.search(str(error))
        if not of_python and not of_node:
            raise
        raise LayerError(
            f"{outdir} cannot be written: {of_python or (of_node and of_node[1])}",
            where=str(outdir.absolute()),
            expected="a folder that can be made and written to, with room for the stack",
            fix="make room, or correct the rights, or move what has this name",
        ) from error
