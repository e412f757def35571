"""Read layers.toml into specs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from builder.documents import Malformed, content_of, read_toml
from builder.errors import SpecError
from builder.spec.app_options import check_compute
from builder.spec.app_spec import AppSpec
from builder.spec.build_images import check_own, usable
from builder.spec.checks import Check
from builder.spec.dependency_lists import PROJECT_FILES, may_be_one
from builder.spec.field import Field, Place
from builder.spec.fields import fields_in, spec_fields
from builder.spec.kinds import ONE_OR_MORE
from builder.spec.layer_spec import Index, LayerSpec
from builder.spec.service_layers import joined
from builder.spec.service_spec import ServiceSpec
from builder.spec.split import split
from builder.spec.toml_keys import check_keys

LARGEST = 1 << 20
"""Bytes of a layers.toml: a layer takes 500."""

EXAMPLE = """\
[app]
name = "billing"

[layers.web]
dependencies = ["requests"]
python = ["3.13"]
architecture = "arm64"
"""

SERVICE_EXAMPLE = """\
command = ["ledger", "--port", "{port}", "--data", "{data}"]
image_tag = "1"
vpc = "vpc-0123abcd"
subnets = ["subnet-0123abcd"]
"""


@dataclass(frozen=True)
class Config:
    """What layers.toml says: the application, its layers and services, in the file's order."""

    app: AppSpec
    layers: tuple[LayerSpec, ...]
    services: tuple[ServiceSpec, ...] = ()

    def called(self, app: str) -> Config:
        """Return the same layers of an application with another name; "" leaves it as it is."""
        return replace(self, app=self.app.called(app, "the option --app")) if app else self

    def service(self, name: str) -> ServiceSpec | None:
        """Return the service of that name, None if there is none."""
        return next((service for service in self.services if service.name == name), None)

    def known_service(self, name: str) -> ServiceSpec:
        """Return the service of that name, or raise SpecError."""
        found = self.service(name)
        if found is not None:
            return found
        is_layer = any(layer.name == name for layer in self.layers)
        meant = f"{name} is a layer, and this is for services" if is_layer else ""
        names = [service.name for service in self.services]
        raise self._unknown("service", name, names, meant)

    def layer(self, name: str) -> LayerSpec:
        """Return the layer of that name, or raise SpecError."""
        for layer in self.layers:
            if layer.name == name:
                return layer
        meant = f"{name} is a service, and this is for layers" if self.service(name) else ""
        raise self._unknown("layer", name, [layer.name for layer in self.layers], meant)

    def _unknown(self, kind: str, name: str, names: Sequence[str], meant: str) -> SpecError:
        close = get_close_matches(name, names, n=1)
        nearest = f"did you mean {close[0]!r}? Else " if close else ""
        return SpecError(
            f"there is no {kind} {name!r}",
            where=self.app.where,
            expected=f"one of: {', '.join(names) or 'none'}",
            fix=meant or f"{nearest}name one of them, or add [{kind}s.{name}]",
        )


def load_config(path: Path) -> Config:
    """Read and check a layers.toml; raise SpecError naming file, key and what was expected.

    Paths in it are relative to the file's folder and must exist.
    """
    document = _parse(path)
    check_keys(document, Place.FILE, path.name)
    app = _app(document.get("app", {}), path)
    defaults = document.get("defaults", {})
    check_keys(defaults, Place.DEFAULTS, f"{path.name} [defaults]")
    sections = document.get("layers", {})
    if not sections:
        raise SpecError(
            "no layer is described",
            where=str(path),
            expected="at least one [layers.NAME] table",
            fix="for example:\n" + EXAMPLE,
        )
    indexes = _indexes(document.get("indexes", {}), path)
    layers: list[LayerSpec] = []
    for name, section in sections.items():
        layers += _layers(name, section, defaults, indexes, path)
    _check_names(layers, app)
    for layer in layers:
        check_compute(app.vpc, layer.compute, layer.where)
    services = _services(document.get("services", {}), app, path)
    return Config(app, *joined(layers, services))


def _parse(path: Path) -> dict[str, Any]:
    try:
        return read_toml(content_of(path, LARGEST), largest=LARGEST)
    except FileNotFoundError:
        raise SpecError(
            "there is no layers.toml",
            where=str(path),
            expected="a file that describes the application and its layers",
            fix="write one: lambda-layer init; or name another file with --config",
        ) from None
    except Malformed as error:
        raise SpecError(
            f"{path.name} cannot be read: {error}",
            where=str(path),
            expected="TOML 1.0",
            fix='correct the line named; strings need quotes, lists are ["a", "b"]',
        ) from error
    except OSError as error:
        raise SpecError(
            f"{path.name} cannot be read: {error.strerror}",
            where=str(path),
            expected="a file that you may read",
            fix="name another file with --config",
        ) from error


def _app(section: Mapping[str, Any], path: Path) -> AppSpec:
    where = f"{path.name} [app]"
    check_keys(section, Place.APP, where)
    if "name" not in section:
        raise SpecError(
            "the application has no name",
            where=where,
            expected="[app] with name",
            fix='add:\n[app]\nname = "billing"',
        )
    backend = section.get("backend")
    if backend is not None:
        _check_backend(backend, f"{path.name} [app.backend]")
    if isinstance(section.get("vpc"), dict):
        check_keys(section["vpc"], Place.VPC, f"{path.name} [app.vpc]")
    values = {f.in_spec: section[f.name] for f in spec_fields(Place.APP) if f.name in section}
    return AppSpec(**values, where=where)


def _check_backend(backend: Mapping[str, Any], where: str) -> None:
    check_keys(backend, Place.BACKEND, where)
    for field in fields_in(Place.BACKEND).values():
        if field.required and field.name not in backend:
            raise SpecError(
                f"the S3 backend has no {field.name}",
                where=where,
                expected="bucket, key and region of the state file",
                fix=f"add {field.name} = {field.example}",
            )


def _table(kind: str, name: str, section: Any, place: Place, path: Path, example: str) -> str:
    """Return where a table stands; raise SpecError unless it is one, with keys that are known."""
    where = f"{path.name} [{kind}.{name}]"
    if not isinstance(section, dict):
        raise SpecError(
            f"{kind}.{name} is not a table",
            where=where,
            expected=f"[{kind}.{name}] and keys below",
            fix=f"for example:\n{example}",
        )
    check_keys(section, place, where)
    return where


def _indexes(sections: Mapping[str, Any], path: Path) -> dict[str, Index]:
    found = {}
    for name, section in sections.items():
        example = f"[indexes.{name}]\nurl = {fields_in(Place.INDEX)['url'].example}"
        where = _table("indexes", name, section, Place.INDEX, path, example)
        repository = section.get("codeartifact")
        if repository is not None:
            check_keys(repository, Place.CODEARTIFACT, f"{where}, key 'codeartifact'")
            # What is missing is refused by the index, which knows what belongs there.
            repository = {**dict.fromkeys(fields_in(Place.CODEARTIFACT), ""), **repository}
        found[name] = Index.from_fields({"name": name, **section, "codeartifact": repository})
    return found


def _check_names(layers: list[LayerSpec], app: AppSpec) -> None:
    seen: dict[str, LayerSpec] = {}
    for layer in layers:
        other = seen.setdefault(layer.name, layer)
        if other is not layer:
            raise SpecError(
                f"two layers are named {layer.name!r}",
                where=f"{other.where} and {layer.where}",
                expected="names of their own, also for the layers that split makes",
                fix="rename one of them",
            )
    named: dict[str, LayerSpec] = {}
    for layer in layers:
        if layer.parameter and named.setdefault(layer.parameter, layer) is not layer:
            raise SpecError(
                f"two layers have the parameter {layer.parameter}",
                where=f"{named[layer.parameter].where} and {layer.where}",
                expected="a parameter for each of them",
                fix="name another one in one of them",
            )
    in_lambda: dict[str, LayerSpec] = {}
    for layer in layers:
        name = app.layer_name(layer.name, layer.layer_name)
        if in_lambda.setdefault(name, layer) is not layer:
            raise SpecError(
                f"two layers have the name {name!r} in Lambda",
                where=f"{in_lambda[name].where} and {layer.where}",
                expected="a name for each of them",
                fix="remove layer_name from one of them, or name another layer",
            )


def _layers(
    name: str,
    section: Any,
    defaults: Mapping[str, Any],
    indexes: Mapping[str, Index],
    path: Path,
) -> list[LayerSpec]:
    where = _table("layers", name, section, Place.LAYER, path, EXAMPLE)
    merged = {**defaults, **section}
    known = fields_in(Place.LAYER)
    for field in known.values():
        if field.required and field.name not in merged:
            raise SpecError(
                f"layer {name!r} does not say its {field.name}",
                where=where,
                expected=f"{field.name} in the layer or in [defaults]; never what this machine is",
                fix=f"add {field.name} = {field.example}",
            )
    values = {key: _read(merged[key], field) for key, field in known.items() if key in merged}
    if isinstance(values.get("licences"), dict):
        check_keys(values["licences"], Place.LICENCES, f"{where}, key 'licences'")
    values["indexes"] = [_index(index, indexes, where) for index in values.get("indexes", ())]
    parts = split(name, values, where)
    specs = [LayerSpec(name=each, where=where, **_own(part, where)) for each, part in parts.items()]
    targets = [target for spec in specs for target in spec.targets]
    check_own(section.get("images", ()), targets, specs[0].compute, where)
    for spec in specs:
        check_paths(spec, path.parent)
    return specs


def _own(values: dict[str, Any], where: str) -> dict[str, Any]:
    """Return a layer's values without the images that [defaults], or a split, has for others."""
    needed = (values["python"], values["architecture"], values.get("compute"))
    return {**values, "images": usable(Check(where), values.get("images", ()), *needed)}


def _services(sections: Mapping[str, Any], app: AppSpec, path: Path) -> tuple[ServiceSpec, ...]:
    found = []
    for name, section in sections.items():
        example = f"[services.{name}]\n{SERVICE_EXAMPLE}"
        where = _table("services", name, section, Place.SERVICE, path, example)
        if "command" not in section:
            raise SpecError(
                f"service {name!r} does not say its command",
                where=where,
                expected="the program that serves, and its arguments",
                fix="for example:\n" + SERVICE_EXAMPLE,
            )
        known = fields_in(Place.SERVICE)
        values = {key: _read(value, known[key]) for key, value in section.items()}
        service = ServiceSpec(name=name, where=where, **values)
        service.full_name(app.name)
        if not service.vpc and app.vpc is None:
            raise SpecError(
                f"service {name!r} has no network",
                where=where,
                expected="vpc and subnets of the service, or vpc in [app]",
                fix='add vpc = "vpc-..." and subnets = ["subnet-..."] to the service',
            )
        found.append(service)
    return tuple(found)


def _index(name: str, indexes: Mapping[str, Index], where: str) -> Index:
    if name in indexes:
        return indexes[name]
    raise SpecError(
        f"there is no index {name!r}",
        key="indexes",
        where=where,
        expected=f"one of: {', '.join(indexes) or 'none is described'}",
        fix=f'add [indexes.{name}] with url = "https://..."',
    )


def _read(value: Any, field: Field) -> Any:
    if field.kind is ONE_OR_MORE and isinstance(value, str):
        return (value,)
    return tuple(value) if isinstance(value, list) else value


def check_paths(spec: LayerSpec, root: Path) -> None:
    """Raise SpecError when a path of the spec is not there or not what it has to be."""
    where = spec.where or f"layer {spec.name!r}"
    if spec.package is not None:
        _check_package(root, spec.package, f"{where}, key 'package' (looked in {root})")
    for requirements in spec.requirements:
        _check_file(root, requirements, f"{where}, key 'requirements'", "a requirements file")
    if spec.pre_install is not None:
        _check_file(root, spec.pre_install, f"{where}, key 'pre_install'", "a script for bash")


def _check_file(root: Path, name: str, where: str, expected: str) -> None:
    if not (root / name).is_file():
        raise SpecError(
            f"there is no file {name!r}",
            where=f"{where} (looked in {root})",
            expected=expected,
            fix="correct the path, or write the file",
        )


def _check_package(root: Path, name: str, where: str) -> None:
    folder = root / name
    expected = "a folder with a pyproject.toml that lists dependencies, or is beside .py files; or "
    expected += "with a setup.py"
    if not folder.is_dir():
        raise SpecError(
            f"there is no folder {name!r}", where=where, expected=expected, fix="correct the path"
        )
    if not any((folder / file).is_file() for file in PROJECT_FILES):
        raise SpecError(
            f"{name!r} has no pyproject.toml and no setup.py",
            where=where,
            expected=expected,
            fix="add a pyproject.toml with [project] name and version, "
            "or use requirements = FILE if it is not a package",
        )
    if _lists_only(folder / "pyproject.toml"):
        return
    if not any(_is_source(path.relative_to(folder)) for path in folder.rglob("*.py")):
        raise SpecError(
            f"{name!r} has no Python file",
            where=where,
            expected=expected,
            fix="name the folder that holds the package's source; or, if it only lists "
            "dependencies, say so: package = false in [tool.uv], or package-mode = false in "
            "[tool.poetry]",
        )


def _lists_only(pyproject: Path) -> bool:
    try:
        return may_be_one(read_toml(content_of(pyproject)))
    except (OSError, Malformed):
        return False  # the plan says what is wrong with it


def _is_source(path: Path) -> bool:
    return not any(part.startswith(".") for part in path.parts)
