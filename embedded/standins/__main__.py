"""Run a stand-in provider: ``python -m embedded.standins aws --schemas FOLDER``."""

from __future__ import annotations

import argparse
import gc
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from embedded.standins.bindings import provider_schema
from embedded.standins.catalog import AWS, EXTERNAL, PROVIDERS
from embedded.standins.external import External
from embedded.standins.plugin import main
from embedded.standins.protocol import Served, Servicer


def _external() -> Served[None]:
    return Served({}, {"external": External()}, lambda _config: None)


def _aws() -> Served[Any]:
    # Not at the top: what does not call AWS must not wait for boto3.
    from embedded.standins.aws import served

    return served()


def run() -> None:
    """Serve the provider that the command line names."""
    parser = argparse.ArgumentParser(prog="python -m embedded.standins")
    parser.add_argument("name", choices=[provider.name for provider in PROVIDERS])
    parser.add_argument("--schemas", type=Path, required=True)
    parser.add_argument("--reattach", type=int, metavar="DESCRIPTOR")
    arguments = parser.parse_args()
    if arguments.reattach is None:
        gc.disable()  # it lives as long as one command of terraform
    provider = {found.name: found for found in PROVIDERS}[arguments.name]
    load: Callable[[], Served[Any]] = {AWS.name: _aws, EXTERNAL.name: _external}[provider.name]
    schema = provider_schema(provider, arguments.schemas)
    main(provider, Servicer(schema, load), arguments.reattach)
    os._exit(0)  # terraform waits for us, and gRPC takes its time to go


if __name__ == "__main__":
    run()
