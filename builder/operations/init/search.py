"""The draft of a layers.toml for a folder: what is wished for, and for the rest what is there."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from builder.operations.init.draft import Draft, DraftLayer, apart, name_from
from builder.operations.init.ours import ours
from builder.operations.init.python_project import app_of, project_layer, python_of
from builder.operations.init.sam import sam_layers
from builder.operations.init.serverless import serverless_layers, service_of
from builder.operations.init.subfolders import subfolder_layers
from builder.operations.init.terraform_files import terraform_layers
from builder.spec.checks import APP_NAME

LAYER = "dependencies"
"""The layer's name where nothing else names it."""

USUAL_ARCHITECTURE = "x86_64"
"""What Lambda's functions run on that do not say another (AWS Lambda API, CreateFunction)."""

LONGEST_APP = 28
EXAMPLE = ("requests>=2.32",)


@dataclass(frozen=True)
class Wishes:
    """What the user says; what is empty is looked for."""

    app: str = ""
    layer: str = ""
    python: tuple[str, ...] = ()
    architecture: str = ""
    package: str = ""
    requirements: tuple[str, ...] = ()
    dependencies: tuple[str, ...] = ()

    @property
    def contents(self) -> dict[str, str | tuple[str, ...]]:
        """The keys that say what is in the layer."""
        keys = {
            "package": self.package,
            "requirements": self.requirements[0]
            if len(self.requirements) == 1
            else self.requirements,
            "dependencies": self.dependencies,
        }
        return {key: value for key, value in keys.items() if value}


def draft_of(root: Path, wishes: Wishes) -> Draft:
    """Return the layers.toml for a folder."""
    built = None if wishes.contents or wishes.layer else ours(root)
    layers, remarks = (list(built.layers), list(built.remarks)) if built else _layers(root, wishes)
    said = next((layer.python for layer in layers if layer.python), ())
    python = wishes.python or said or python_of(root)
    architecture = (
        wishes.architecture
        or next((layer.architecture for layer in layers if layer.architecture), "")
        or USUAL_ARCHITECTURE
    )
    # Wishes hold for every layer; else a layer only says in what it differs from [defaults].
    layers = [
        replace(
            layer,
            python=() if wishes.python or layer.python == python else layer.python,
            architecture=""
            if wishes.architecture or layer.architecture == architecture
            else layer.architecture,
        )
        for layer in layers
    ]
    app = wishes.app or (built.app if built else "") or _app(root)
    origin = built.origin if built else ""
    return Draft(app, python, architecture, apart(layers), tuple(remarks), origin)


def _layers(root: Path, wishes: Wishes) -> tuple[list[DraftLayer], list[str]]:
    name = wishes.layer or LAYER
    if wishes.contents:
        return [DraftLayer(name, "what init was asked for", wishes.contents)], []
    described = [*sam_layers(root), *serverless_layers(root), *terraform_layers(root)]
    found = [layer for layer in described if layer.keys]
    empty = [layer for layer in described if not layer.keys]
    project = project_layer(root, name)
    if project is not None and (empty or not found):
        # A zip that something else makes is made of the project's list, most likely.
        take = empty[:1] if empty and not found else []
        found += [_merged(layer, project) for layer in take] or ([] if found else [project])
        empty = [layer for layer in empty if layer not in take]
    found = found or subfolder_layers(root, name)
    remarks = [
        f"{layer.origin}: what it is made of is not said there; write a [layers.{layer.name}]"
        for layer in empty
    ]
    if found:
        if wishes.layer:
            found[0] = replace(found[0], name=wishes.layer)
        return found, remarks
    remarks.append(
        f"Pipfile is not read, and [layers.{name}] has an example; run: pipenv requirements > "
        'requirements.txt, and write there: requirements = "requirements.txt"'
        if (root / "Pipfile").is_file()
        else f"nothing here lists dependencies; [layers.{name}] has an example, {EXAMPLE[0]}: "
        "change it"
    )
    return [DraftLayer(name, "an example", {"dependencies": EXAMPLE})], remarks


def _merged(layer: DraftLayer, project: DraftLayer) -> DraftLayer:
    remark = f"{layer.origin}: taken to be made of {project.origin}; see whether it is"
    return replace(
        layer,
        origin=f"{layer.origin}, and {project.origin}",
        keys=project.keys,
        remarks=(*layer.remarks, *project.remarks, remark),
    )


def _app(root: Path) -> str:
    name = name_from(service_of(root) or app_of(root), "app")[:LONGEST_APP].rstrip("-")
    return name if APP_NAME.fullmatch(name) else "app"
