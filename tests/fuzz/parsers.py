"""Every reader of documents that others may have written, each with a document that it takes."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, cast

from packaging.requirements import InvalidRequirement, Requirement

from builder.aws.store import Store, StoredObject
from builder.builds.artifact import find_artifact
from builder.builds.part import find_part
from builder.errors import LayerError
from builder.images import manifest as images
from builder.images.layer import Layer
from builder.inputs import dependency_list, local_dependencies
from builder.inputs.fingerprint import Inputs, reason
from builder.inputs.locks.project_lock import locked_requirements
from builder.inputs.requirements_files import requirement_references
from builder.layer.record import Record
from builder.layer.token import Token
from builder.operations.retire import Retirement
from builder.protocol.keys import LayerKeys
from builder.protocol.variables import RETIRE_VARIABLE
from builder.publisher.event import Ending
from builder.query import Query
from builder.spec.layer_spec import LayerSpec
from builder.spec.layers_toml import load_config
from builder.worker import parts, request
from builder.worker.audit import imports
from builder.worker.contents import distributions, elf
from builder.worker.errors import BuildError
from builder.worker.resolve import lock, requirements_text
from builder.worker.slim import ignore

SEEDS = Path(__file__).with_name("seeds")
KEYS = LayerKeys("web")
F = "f" * 64
SPEC = LayerSpec(name="web", python=("3.9", "3.13"), architecture="arm64", package="pkg")
PYPROJECT = b'[project]\nname = "demo"\nversion = "1"\ndependencies = ["idna<4"]\n'

ERRORS = (LayerError, BuildError)
"""What a reader may raise: an error that says what, where, what was expected, and the fix."""


@dataclass(frozen=True)
class Parser:
    """A reader: it takes ``seed`` (a file in seeds/), and for anything else raises ERRORS alone.

    ``run`` gets the content and an empty folder.
    """

    seed: str
    run: Callable[[bytes, Path], object]

    @property
    def content(self) -> bytes:
        """The document that it takes."""
        return (SEEDS / self.seed).read_bytes()

    @property
    def document(self) -> Any:
        """The document, parsed; None if it is neither JSON nor TOML."""
        if self.seed.endswith(".json"):
            return json.loads(self.content)
        is_toml = self.seed.endswith((".toml", ".lock"))
        return tomllib.loads(self.content.decode()) if is_toml else None

    def survives(self, content: bytes, folder: Path) -> None:
        """Read a document; any error but those that are meant for people is raised."""
        try:
            self.run(content, folder)
        except ERRORS:
            return


@dataclass
class Bucket:
    """A bucket with these objects, as a Store reads it."""

    objects: Mapping[str, bytes]

    def read(self, key: str) -> StoredObject | None:
        content = self.objects.get(key)
        return None if content is None else StoredObject(key, "", "", len(content), content)

    head = read

    def url(self, key: str) -> str:
        return f"s3://bucket/{key}"


def _manifest(content: bytes, _: Path) -> object:
    keys = KEYS.verified
    return find_artifact(_store({keys.manifest(F): content, keys.archive(F): b"zip"}), keys, F)


def _part(content: bytes, _: Path) -> object:
    receipt, archive = KEYS.part_receipt(F, "python3.12"), KEYS.part_archive(F, "python3.12")
    return find_part(_store({receipt: content, archive: b"zip"}), KEYS, F, "python3.12")


def _store(objects: Mapping[str, bytes]) -> Store:
    return cast(Store, Bucket(objects))


def _inputs(content: bytes, _: Path) -> object:
    seed = Inputs.from_json((SEEDS / "inputs.json").read_text())
    found = Inputs.from_json(content.decode("utf-8", "replace"))
    return reason(found, seed) + reason(seed, found) if found and seed else None


def _lock_of(name: str) -> Callable[[bytes, Path], object]:
    return lambda content, _: _sound(locked_requirements(SPEC, f"pkg/{name}", content, PYPROJECT))


def _beside_a_lock(content: bytes, _: Path) -> object:
    seed = (SEEDS / "uv.lock").read_bytes()
    return _sound(locked_requirements(SPEC, "pkg/uv.lock", seed, content))


def _sound(locked: bytes) -> bytes:
    """Whatever the lock says, its lines are requirements and hashes, and nothing else."""
    lines = locked.decode().split("\n")
    for line in lines[1:-1]:
        text = line.removesuffix(" \\")
        if not re.fullmatch(r"    --hash=[a-z0-9_]+:[0-9a-fA-F]+", text):
            with suppress(InvalidRequirement):
                Requirement(text)
                continue
            raise AssertionError(f"{line!r} is no requirement")
    return locked


def _pyproject(content: bytes, folder: Path) -> object:
    (folder / "pkg").mkdir(exist_ok=True)
    (folder / "pkg" / "pyproject.toml").write_bytes(content)
    list(local_dependencies.local_dependencies(folder, PurePosixPath("pkg")))
    return dependency_list.read_listed(SPEC, folder, ["pkg/pyproject.toml"])


def _layers_toml(content: bytes, folder: Path) -> object:
    (folder / "a").mkdir(exist_ok=True)
    (folder / "a/pyproject.toml").write_bytes(PYPROJECT)
    (folder / "requirements.txt").touch()
    (folder / "layers.toml").write_bytes(content)
    return load_config(folder / "layers.toml")


def _request(content: bytes, folder: Path) -> object:
    (folder / "request.json").write_bytes(content)
    return request.read(folder / "request.json")


def _part_manifest(content: bytes, folder: Path) -> object:
    wanted = request.parse(json.loads((SEEDS / "request.json").read_bytes()))
    (folder / "manifest.json").write_bytes(content)
    (folder / "layer.zip").write_bytes(b"zip")
    (folder / "lock-3.12.txt").write_bytes(b"")
    return parts.read(wanted, wanted.targets[0], folder)


def _dist_info(name: str) -> Callable[[bytes, Path], object]:
    def run(content: bytes, folder: Path) -> object:
        info = folder / "six-1.0.dist-info"
        info.mkdir(exist_ok=True)
        for file in ("METADATA", "RECORD"):
            (info / file).write_bytes(content if file == name else (SEEDS / file).read_bytes())
        for found in distributions.read(folder):
            assert "\n" not in found.name + found.version
        distributions.drop(info / "RECORD", {"six.py"})
        return None

    return run


def _elf(content: bytes, folder: Path) -> object:
    (folder / "a.so").write_bytes(content)
    try:
        return elf.read(folder / "a.so")
    except elf.ElfError as error:  # its callers make a finding of the audit of it
        return error


def _retirement(content: bytes, _: Path) -> object:
    text = content.decode("utf-8", "replace")
    return Retirement.from_environment({RETIRE_VARIABLE: text})


def _requirements(content: bytes, _: Path) -> object:
    with suppress(ValueError):  # its callers say which file cannot be decoded
        return requirement_references(requirements_text.decode(content))
    return None


def _patterns(content: bytes, _: Path) -> object:
    rules = ignore.Ignore(content.decode("utf-8", "replace").splitlines())
    return [rules.excludes(path) for path in ("numpy/tests/a.py", "a", "[z-a]")]


def _probe(content: bytes, _: Path) -> object:
    return imports.read_report(content.decode("utf-8", "replace").splitlines(), imports.Report())


def _text(read: Callable[[str], object]) -> Callable[[bytes, Path], object]:
    return lambda content, _: read(content.decode("utf-8", "replace"))


def _event(content: bytes, _: Path) -> object:
    with suppress(ValueError, RecursionError):  # Lambda parses it
        return Ending.parse(json.loads(content))
    return None


def _image_manifest(content: bytes, _: Path) -> object:
    return images.read_manifest(content, images.OCI_MANIFEST, "here")


def _image_config(content: bytes, _: Path) -> object:
    digest = images.digest_of(b"")
    base = images.Manifest(
        images.OCI_MANIFEST,
        images.Descriptor("", digest, 0),
        (images.Descriptor(images.NEW_LAYER[images.OCI_MANIFEST], digest, 1),),
    )
    return images.compose(
        base,
        content,
        layer=Layer(Path("unused"), digest, 1, digest, 1),
        architecture="arm64",
        paths={"PATH": "/opt/bin"},
        labels={"a": "b"},
        where="here",
    )


PARSERS: Mapping[str, Parser] = {
    "record": Parser("record.json", _text(lambda text: Record.from_json(text, "here").to_json())),
    "inputs": Parser("inputs.json", _inputs),
    "manifest": Parser("manifest.json", _manifest),
    "part": Parser("part.json", _part),
    "uv.lock": Parser("uv.lock", _lock_of("uv.lock")),
    "poetry.lock": Parser("poetry.lock", _lock_of("poetry.lock")),
    "pylock.toml": Parser("pylock.toml", _lock_of("pylock.toml")),
    "pyproject beside a lock": Parser("pyproject-locked.toml", _beside_a_lock),
    "pyproject": Parser("pyproject.toml", _pyproject),
    "list of Poetry": Parser("poetry-list.toml", _pyproject),
    "layers.toml": Parser("layers.toml", _layers_toml),
    "query": Parser("query.json", _text(lambda text: Query.parse(text).each())),
    "spec": Parser("spec.json", _text(lambda text: LayerSpec.from_json(text).to_json())),
    "retirement": Parser("retirement.json", _retirement),
    "event": Parser("event.json", _event),
    "token": Parser("token.txt", _text(Token.parse)),
    "request": Parser("request.json", _request),
    "part's manifest": Parser("part-manifest.json", _part_manifest),
    "METADATA": Parser("METADATA", _dist_info("METADATA")),
    "RECORD": Parser("RECORD", _dist_info("RECORD")),
    "ELF": Parser("native.so", _elf),
    "lock": Parser("lock-3.12.txt", _text(lock.parse)),
    "requirements": Parser("requirements.txt", _requirements),
    "patterns": Parser("patterns.txt", _patterns),
    "report of imports": Parser("probe.txt", _probe),
    "manifest of an image": Parser("image-manifest.json", _image_manifest),
    "configuration of an image": Parser("image-config.json", _image_config),
}
