"""Stand-ins that stay up between terraform commands: a plan takes 0.4 s instead of 2 s.

Such a server sees its own environment and folder, not those of each terraform: start it with the
ones the commands run with. It takes no part in ``terraform init``, so lock files leave it out.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from builder.errors import LayerError
from embedded import leash
from embedded.standins.bindings import provider_schema
from embedded.standins.catalog import PROVIDERS
from embedded.standins.mirror import command

PATIENCE = 60.0
"""Seconds that a stand-in may take to start."""


@contextmanager
def reattached(
    schemas: Path, *, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> Iterator[dict[str, str]]:
    """Run both stand-ins; give the environment variable that tells terraform where they are."""
    with ExitStack() as ends:
        pipes = []
        for provider in PROVIDERS:
            provider_schema(provider, schemas)
            reading, writing = os.pipe()
            pipe = ends.enter_context(os.fdopen(reading))
            try:
                child = leash.start(
                    [*command(provider, schemas), "--reattach", str(writing)],
                    env=env,
                    cwd=cwd,
                    output=subprocess.DEVNULL,
                    pass_fds=(writing,),
                )
            finally:
                os.close(writing)
            ends.callback(child.stop)
            pipes.append(pipe)
        where: dict[str, object] = {}
        for provider, pipe in zip(PROVIDERS, pipes, strict=True):
            ready, _, _ = select.select([pipe], [], [], PATIENCE)
            where |= _announced(str(provider), pipe.readline() if ready else "")
        yield {"TF_REATTACH_PROVIDERS": json.dumps(where)}


def _announced(provider: str, line: str) -> dict[str, object]:
    if not line:
        raise LayerError(
            f"the stand-in for {provider} did not start",
            fix="run `python -m embedded.standins` by hand to see why",
        )
    announced: dict[str, object] = json.loads(line)
    return announced
