"""A root that calls the module of `terraform/`, in the place of a stack.

Its plans name what is in them as a stack of the same layers does, so that one table of tests holds
for both: `module.layers.aws_s3_object.layer_approval["web"]` is `aws_s3_object.web_approval`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from builder.spec.field import Place
from builder.spec.fields import fields_in
from builder.spec.layer_spec import LayerSpec
from tests.terraform.conftest import Stack
from tests.terraform.packages import literal, write

MODULE = Path(__file__).parents[2] / "terraform"

COPY = "module"
"""The folder of the copy of the module, beside the layers' sources."""

VARIABLES = {
    "force_rebuild": "bool",
    "debug_mode": "bool",
    "retain_versions": "bool",
    "sync_mode": "bool",
    "log_retention_days": "number",
}
"""What the root passes on to the module, when it is set."""

PROVIDER_VARIABLES = {
    "aws_region": "string",
    "tags": "map(string)",
    "s3_use_path_style": "bool",
    "skip_aws_checks": "bool",
}

OF_LAYER = re.compile(r'(.*)\.layer_([\w-]+)\["([^"]+)"\]')

OF_SERVICE = re.compile(r'module\.service\["([^"]+)"\]\.(\w+)\.')


def settings_of(spec: LayerSpec) -> dict[str, Any]:
    """Return what a caller of the module writes for a layer."""
    given = {
        name: getattr(spec, key.in_spec)
        for name, key in fields_in(Place.LAYER).items()
        if key.rule is not None and getattr(spec, key.in_spec) != key.default
    }
    indexes = [index.name for index in given.pop("indexes", ())]
    plain = {k: list(v) if isinstance(v, tuple) else v for k, v in given.items()}
    return {**plain, **({"indexes": indexes} if indexes else {})}


def root_of(app: str, names: Iterable[str], **module: Any) -> dict[str, Any]:
    """Return the Terraform JSON of a root; ``names`` are its layers', ``module`` is the call."""
    variables = {**VARIABLES, **PROVIDER_VARIABLES}
    return {
        "terraform": {"required_providers": {"aws": {"source": "hashicorp/aws"}}},
        "variable": {n: {"type": t, "default": module.get(n)} for n, t in variables.items()},
        "provider": {
            "aws": {
                "region": "${var.aws_region}",
                "default_tags": {"tags": "${var.tags}"},
                "s3_use_path_style": "${var.s3_use_path_style}",
                "skip_credentials_validation": "${var.skip_aws_checks}",
                "skip_region_validation": "${var.skip_aws_checks}",
            }
        },
        "module": {
            "layers": {
                "source": f"./{COPY}",
                "app": app,
                **module,
                **{name: f"${{var.{name}}}" for name in VARIABLES},
            }
        },
        "output": {name: {"value": f'${{module.layers.layers["{name}"]}}'} for name in names},
    }


@dataclass
class ModuleRoot(Stack):
    """A root that calls the module; ``folder`` is that of the layers' sources, too.

    ``copy`` is where the module is, relative to it.
    """

    copy: str = COPY

    @property
    def configuration(self) -> Path:
        """The root's JSON."""
        return self.folder / "main.tf.json"

    def read_files(self) -> set[Path]:
        """Return the root's JSON and the overrides of the module's copy."""
        return {self.configuration, *(self.folder / self.copy).glob("*.tf.json")}

    def call(self, *names: str, **module: Any) -> None:
        """Write the root, and a copy of the module beside it."""
        write(self.configuration, json.dumps(root_of(self.name, names, **module), indent=1))
        for file in [
            file
            for inner in ("*.tf", "described/*.tf", "service/*.tf")
            for file in MODULE.glob(inner)
        ]:
            where = self.folder / self.copy / file.relative_to(MODULE)
            write(where, file.read_text())

    def respec(self, layer: str = "web", **changes: Any) -> None:
        """Change what the caller says of a layer."""
        with self.edited() as document:
            document["module"]["layers"]["layers"][layer].update(changes)

    def use_program(self, *program: str) -> None:
        """Let the hooks be run by another program.

        By an override: the variable ``command`` is also kept in the state, for the end of a layer.
        """
        self._override(
            data={"external": {"build_plan": {"program": [*program, "hook", "plan"]}}},
            locals={
                "build_release-hook": f"${{tolist({json.dumps([*program, 'hook', 'release'])})}}"
            },
        )

    def use_buildspec(self, text: str) -> None:
        """Let builds run another buildspec."""
        source = {"type": "NO_SOURCE", "buildspec": text}
        project = {"build_project": {"source": source}}
        self._override(resource={"aws_codebuild_project": project})

    def stay(self) -> None:
        """Let hooks find the root's folder, wherever the stand-ins run."""
        where = {"working_dir": literal(str(self.folder))}
        self._override(data={"external": {"build_plan": where, "layer_release": where}})

    def address(self, address: str) -> str:
        """Return the address that a stack has for it."""
        plain = address.removeprefix("module.layers.").removesuffix("[0]")
        plain = OF_SERVICE.sub(r"\2.build_service_\1_", plain)
        return OF_LAYER.sub(r"\1.\3_\2", plain)

    def _override(self, **blocks: Any) -> None:
        file = self.folder / self.copy / "test_override.tf.json"
        before = json.loads(file.read_text()) if file.exists() else {}
        write(file, json.dumps(_merged(before, blocks), indent=1))


def _merged(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    both = {key for key in one.keys() & other.keys() if isinstance(one[key], dict)}
    return {**one, **other, **{key: _merged(one[key], other[key]) for key in both}}


def module_root(stack: Stack, specs: Sequence[LayerSpec], **module: Any) -> ModuleRoot:
    """Return a root with layers, in the place of a stack that has no files yet.

    ``module`` are other arguments of the call, ``layers`` among them.
    """
    root = ModuleRoot(**{f.name: getattr(stack, f.name) for f in fields(Stack)})
    layers = {spec.name: settings_of(spec) for spec in specs}
    root.call(*layers, **{"layers": layers, **module})
    return root
