"""Read layers.toml into specs."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from builder.errors import SpecError
from builder.spec import AppSpec, LayerSpec

LAYER_KEYS: dict[str, str] = {
    "package": "string",
    "requirements": "strings",
    "dependencies": "strings",
    "extras": "strings",
    "python": "strings",
    "architecture": "string",
    "description": "string",
    "exclude": "strings",
    "slim": "strings",
    "functions": "strings",
}
DEFAULT_KEYS = {
    key: LAYER_KEYS[key] for key in ("python", "architecture", "exclude", "slim", "functions")
}
APP_KEYS = {
    "name": "string",
    "region": "string",
    "backend": "table",
    "sync_mode": "flag",
    "async": "flag",
    "notify": "string",
}
BACKEND_KEYS = dict.fromkeys(
    ("bucket", "key", "region", "profile", "dynamodb_table", "kms_key_id"), "string"
)
SECTIONS = {"app": "table", "defaults": "table", "layers": "table"}

EXAMPLE = """\
[app]
name = "billing"

[layers.web]
dependencies = ["requests"]
python = ["3.13"]
architecture = "arm64"
"""


@dataclass(frozen=True)
class Config:
    """What layers.toml says: the application and its layers, in the file's order."""

    app: AppSpec
    layers: tuple[LayerSpec, ...]

    def layer(self, name: str) -> LayerSpec:
        """Return the layer of that name, or raise SpecError."""
        for layer in self.layers:
            if layer.name == name:
                return layer
        names = ", ".join(layer.name for layer in self.layers) or "none"
        raise SpecError(
            f"there is no layer {name!r}",
            where=self.app.where,
            expected=f"one of: {names}",
            fix=f"name one of them, or add [layers.{name}]",
        )


def load_config(path: Path) -> Config:
    """Read and check a layers.toml; raise SpecError naming file, key and what was expected.

    Paths in it are relative to the file's folder and must exist.
    """
    document = _parse(path)
    _check_keys(document, SECTIONS, f"{path.name}", "")
    app = _app(document.get("app"), path)
    defaults = document.get("defaults", {})
    where = f"{path.name} [defaults]"
    _check_keys(defaults, DEFAULT_KEYS, where, "a layer can also set it under [layers.NAME]")
    sections = document.get("layers", {})
    if not sections:
        raise SpecError(
            "no layer is described",
            where=str(path),
            expected="at least one [layers.NAME] table",
            fix="for example:\n" + EXAMPLE,
        )
    layers = tuple(_layer(name, section, defaults, path) for name, section in sections.items())
    return Config(app, layers)


def _parse(path: Path) -> dict[str, Any]:
    try:
        # Some editors put a byte order mark first, which TOML does not know.
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise SpecError(
            "there is no layers.toml",
            where=str(path),
            expected="a file that describes the application and its layers",
            fix="name another file with --config, or write one:\n" + EXAMPLE,
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SpecError(
            f"{path.name} is not TOML: {error}",
            where=str(path),
            expected="TOML 1.0",
            fix='mend the line named; strings need quotes, lists are ["a", "b"]',
        ) from error
    except OSError as error:
        raise SpecError(
            f"{path.name} cannot be read: {error.strerror}",
            where=str(path),
            expected="a file that you may read",
            fix="name another file with --config",
        ) from error


def _app(section: Mapping[str, Any] | None, path: Path) -> AppSpec:
    where = f"{path.name} [app]"
    if section is None or "name" not in section:
        raise SpecError(
            "the application has no name",
            where=where,
            expected="[app] with name",
            fix='add: [app]\\nname = "billing"'.replace("\\n", "\n"),
        )
    _check_keys(section, APP_KEYS, where, "")
    backend = section.get("backend")
    if backend is not None:
        _check_keys(backend, BACKEND_KEYS, f"{path.name} [app.backend]", "")
        for key in ("bucket", "key", "region"):
            if key not in backend:
                raise SpecError(
                    f"the S3 backend has no {key}",
                    where=f"{path.name} [app.backend]",
                    expected="bucket, key and region of the state file",
                    fix=f'add {key} = "..."',
                )
    return AppSpec(
        section["name"],
        section.get("region", ""),
        backend,
        sync_mode=section.get("sync_mode"),
        async_mode=section.get("async", False),
        notify=section.get("notify", ""),
        where=where,
    )


def _layer(name: str, section: Any, defaults: Mapping[str, Any], path: Path) -> LayerSpec:
    where = f"{path.name} [layers.{name}]"
    if not isinstance(section, dict):
        raise SpecError(
            f"layers.{name} is not a table",
            where=where,
            expected=f"[layers.{name}] and keys below",
            fix="for example:\n" + EXAMPLE,
        )
    _check_keys(section, LAYER_KEYS, where, "")
    merged = {**defaults, **section}
    for key in ("python", "architecture"):
        if key not in merged:
            raise SpecError(
                f"layer {name!r} does not say its {key}",
                where=where,
                expected=f"{key} in the layer or in [defaults]; never what this machine is",
                fix='add python = ["3.13"]' if key == "python" else 'add architecture = "arm64"',
            )
    values = {key: _read(merged[key], LAYER_KEYS[key]) for key in LAYER_KEYS if key in merged}
    spec = LayerSpec(name=name, where=where, **values)
    check_paths(spec, path.parent)
    return spec


def _read(value: Any, kind: str) -> Any:
    if kind == "strings":
        return (value,) if isinstance(value, str) else tuple(value)
    return value


def check_paths(spec: LayerSpec, root: Path) -> None:
    """Raise SpecError when a path of the spec is not there or not what it has to be."""
    where = spec.where or f"layer {spec.name!r}"
    if spec.package is not None:
        _check_package(root, spec.package, f"{where}, key 'package' (looked in {root})")
    for requirements in spec.requirements:
        if not (root / requirements).is_file():
            raise SpecError(
                f"there is no file {requirements!r}",
                where=f"{where}, key 'requirements' (looked in {root})",
                expected="a requirements file",
                fix="mend the path, or write the file",
            )


def _check_package(root: Path, name: str, where: str) -> None:
    folder = root / name
    expected = "a folder with a pyproject.toml and at least one .py file"
    if not folder.is_dir():
        raise SpecError(
            f"there is no folder {name!r}", where=where, expected=expected, fix="mend the path"
        )
    if not (folder / "pyproject.toml").is_file():
        raise SpecError(
            f"{name!r} has no pyproject.toml",
            where=where,
            expected=expected,
            fix="add a pyproject.toml with [project] name and version, "
            "or use requirements = FILE if it is not a package",
        )
    if not any(_is_source(path.relative_to(folder)) for path in folder.rglob("*.py")):
        raise SpecError(
            f"{name!r} has no Python file",
            where=where,
            expected=expected,
            fix="name the folder that holds the package's source",
        )


def _is_source(path: Path) -> bool:
    return not any(part.startswith(".") for part in path.parts)


def _check_keys(
    section: Mapping[str, Any], known: Mapping[str, str], where: str, hint: str
) -> None:
    for key, value in section.items():
        if key not in known:
            close = get_close_matches(key, known, n=1)
            fix = f"did you mean {close[0]!r}?" if close else hint or f"remove {key!r}"
            raise SpecError(
                f"unknown key {key!r}", where=where, expected="one of: " + ", ".join(known), fix=fix
            )
        if not KINDS[known[key]](value):
            raise SpecError(
                f"{key} has the wrong type: {value!r}",
                where=f"{where}, key {key!r}",
                expected=EXPECTED[known[key]],
                fix=f"write {key} = " + EXAMPLES[known[key]],
            )


def _is_strings(value: Any) -> bool:
    return isinstance(value, str) or (
        isinstance(value, list) and all(isinstance(item, str) for item in value)
    )


KINDS: dict[str, Callable[[Any], bool]] = {
    "string": lambda value: isinstance(value, str),
    "strings": _is_strings,
    "table": lambda value: isinstance(value, dict),
    "flag": lambda value: isinstance(value, bool),
}
EXPECTED = {
    "string": "a string",
    "strings": "a list of strings",
    "table": "a table",
    "flag": "true or false",
}
EXAMPLES = {
    "string": '"..."',
    "strings": '["...", "..."]',
    "table": "{ ... }",
    "flag": "true",
}
