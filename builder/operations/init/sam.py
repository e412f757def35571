"""The layers of a SAM template.

Sources: AWS SAM developer guide, "AWS::Serverless::LayerVersion", "Building Lambda layers" (a
BuildMethod takes requirements.txt in ContentUri) and "Globals section".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from builder.operations.init.draft import (
    DraftLayer,
    architecture_in,
    code_left,
    contents_of,
    has_code,
    name_from,
    runtimes_in,
    with_remarks,
)
from builder.operations.init.yaml_files import load, strings, table

TEMPLATES = ("template.yaml", "template.yml", "sam.yaml", "sam.yml")
LAYER, FUNCTION = "AWS::Serverless::LayerVersion", "AWS::Serverless::Function"
USUAL_ARCHITECTURE = "x86_64"
"""What a function without Architectures runs on."""


def sam_layers(root: Path) -> list[DraftLayer]:
    """Return the layers of a folder's template; without any, one for each function's list."""
    for name in TEMPLATES:
        document = load(root / name)
        if any("AWS::Serverless" in each for each in strings(document.get("Transform"))):
            found = [*_layers(root, name, document)] or [*_functions(root, name, document)]
            return with_remarks(found, _left(root, document))
    return []


def _left(root: Path, document: Mapping[str, Any]) -> Iterator[str]:
    """Say which layers of a template are none that can be built from a list."""
    for resource, properties, metadata in _resources(document, LAYER):
        folder = properties.get("ContentUri")
        if not isinstance(folder, str) or not contents_of(root, root / folder):
            how = metadata.get("BuildMethod")
            made = f", which SAM builds by {how}," if how == "makefile" else ""
            where = folder if isinstance(folder, str) else "what it names"
            to_do = ", such as a pyproject.toml beside its .py files"
            code = isinstance(folder, str) and has_code(root / folder)
            yield (
                f"{resource}{made} is not here: {where} has no requirements.txt and no package"
                f"{to_do if code else ''}"
            )


def _layers(root: Path, file: str, document: Mapping[str, Any]) -> Iterator[DraftLayer]:
    usual = table(document, "Globals", "Function")
    for resource, properties, metadata in _resources(document, LAYER):
        folder = properties.get("ContentUri")
        contents = contents_of(root, root / folder) if isinstance(folder, str) else {}
        if not contents:
            continue  # of a zip, a bucket, or prepared by hand: there is no list to build from
        python = runtimes_in([metadata.get("BuildMethod")]) or runtimes_in(
            strings(properties.get("CompatibleRuntimes"))
        )
        architecture = architecture_in(
            [
                metadata.get("BuildArchitecture"),
                *strings(properties.get("CompatibleArchitectures")),
                *strings(usual.get("Architectures")),
                USUAL_ARCHITECTURE,
            ]
        )
        listed = "requirements" in contents
        yield DraftLayer(
            name_from(_name(properties) or resource.removesuffix("Layer"), "dependencies"),
            f"{file}, {resource}",
            contents,
            python or runtimes_in(strings(usual.get("Runtime"))),
            architecture,
            tuple(code_left(root / str(folder), str(folder), "SAM") if listed else ()),
        )


def _name(properties: Mapping[str, Any]) -> str:
    """Return the layer's name where it is said as it is; !Sub and the like are none."""
    name = properties.get("LayerName")
    return name if isinstance(name, str) else ""


def _functions(root: Path, file: str, document: Mapping[str, Any]) -> Iterator[DraftLayer]:
    usual = table(document, "Globals", "Function")
    seen = set()
    for resource, properties, _metadata in _resources(document, FUNCTION):
        folder = properties.get("CodeUri", usual.get("CodeUri"))
        contents = contents_of(root, root / folder) if isinstance(folder, str) else {}
        # A function's own package is its code: what belongs into a layer is its list.
        requirements = contents.get("requirements")
        if requirements is None or requirements in seen:
            continue
        seen.add(requirements)
        yield DraftLayer(
            name_from(resource.removesuffix("Function"), "dependencies"),
            f"{file}, {resource}",
            contents,
            runtimes_in(strings(properties.get("Runtime", usual.get("Runtime")))),
            architecture_in(
                [
                    *strings(properties.get("Architectures", usual.get("Architectures"))),
                    USUAL_ARCHITECTURE,
                ]
            ),
        )


def _resources(
    document: Mapping[str, Any], kind: str
) -> Iterator[tuple[str, Mapping[str, Any], Mapping[str, Any]]]:
    for name in table(document, "Resources"):
        resource = table(document, "Resources", name)
        if resource.get("Type") == kind:
            yield str(name), table(resource, "Properties"), table(resource, "Metadata")
