"""The layer that serverless-python-requirements makes, and the service's name.

Sources: Serverless Framework documentation, "Serverless.yml reference" (service, provider), and the
README of serverless-python-requirements (custom.pythonRequirements).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from builder.operations.init.draft import DraftLayer, architecture_in, runtimes_in
from builder.operations.init.python_project import project_layer
from builder.operations.init.yaml_files import load, strings, table
from builder.spec.checks import SAFE_SLIM

FILES = ("serverless.yml", "serverless.yaml")
PLUGIN = "serverless-python-requirements"
LAYER = "python-requirements"
USUAL_ARCHITECTURE = "x86_64"
IN_LAMBDA = {"boto3", "botocore", "s3transfer", "jmespath"}
"""What ``slim = ["boto"]`` leaves out."""


def serverless_layers(root: Path) -> list[DraftLayer]:
    """Return the layer of a folder's serverless.yml, if its plugin makes one of a list."""
    for name in FILES:
        document = load(root / name)
        plugins = document.get("plugins")
        listed = plugins.get("modules") if isinstance(plugins, dict) else plugins
        if PLUGIN not in strings(listed):
            continue
        settings = table(document, "custom", "pythonRequirements")
        keys = _contents(root, settings.get("fileName"))
        if not keys:
            return []
        remarks = []
        left_out = set(strings(settings.get("noDeploy")))
        if left_out & IN_LAMBDA:
            keys["slim"] = sorted({*SAFE_SLIM, "boto"})
        if others := sorted(left_out - IN_LAMBDA):
            remarks.append(
                f"noDeploy also names {', '.join(others)}: what nothing needs is not installed here"
            )
        if patterns := strings(settings.get("slimPatterns")):
            remarks.append(
                f"slimPatterns are not taken over ({', '.join(patterns)}): what the layer needs of "
                "them, write as exclude"
            )
        provider = table(document, "provider")
        return [
            DraftLayer(
                LAYER,
                f"{name}, custom.pythonRequirements",
                keys,
                runtimes_in(strings(provider.get("runtime"))),
                architecture_in([provider.get("architecture"), USUAL_ARCHITECTURE]),
                (*remarks, *_left(document)),
            )
        ]
    return []


def service_of(root: Path) -> str:
    """Return the name of the service in a folder's serverless.yml, "" where it says none."""
    for file in FILES:
        service = load(root / file).get("service")
        name = service.get("name") if isinstance(service, dict) else service
        if isinstance(name, str) and "$" not in name:  # a variable, which Serverless resolves
            return name
    return ""


def _left(document: Mapping[str, Any]) -> Iterator[str]:
    """Say which layers are folders that are zipped as they are."""
    for name in table(document, "layers"):
        yield f"layers.{name} is not here: it is a folder as it is, with no list to build from"


def _contents(root: Path, file: object) -> dict[str, object]:
    name = file if isinstance(file, str) else "requirements.txt"
    inside = not Path(name).is_absolute() and ".." not in Path(name).parts
    if inside and (root / name).is_file():
        return {"requirements": name}
    project = project_layer(root, LAYER)
    return dict(project.keys) if project else {}
