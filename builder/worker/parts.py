"""The parts of a layer for several runtimes: what one target's build hands to the merge.

A part is one zip, ``part.zip``, with the target's layer.zip, manifest and lock in it. CodeBuild
unpacks a zip that is a source of a build, and the merge must get the layer.zip as it is: hence the
zip around it. Being one object, a part is whole or absent, and its S3 version names all of it.
``part.json`` beside it says what it is to whoever does not want to fetch it.

Source of the facts: AWS CodeBuild user guide, "Multiple input sources and output artifacts sample":
a secondary source is in the folder that ``CODEBUILD_SRC_DIR_<sourceIdentifier>`` names, and
identifiers hold letters, digits and underscores only.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Mapping

from .documents import manifest
from .errors import BuildError
from .request import Request, Target

SCHEMA = 1
ARCHIVE = "part.zip"
RECEIPT = "part.json"
LAYER, MANIFEST = "layer.zip", "manifest.json"
LOCK = re.compile(r"lock-\d{1,3}\.\d{1,3}\.txt")
SEALS_VARIABLE = "LAYER_PART_SEALS"
BLOCK = 1 << 20


@dataclass(frozen=True)
class Part:
    """One target's part, unpacked and verified."""

    target: Target
    folder: Path
    manifest: Mapping[str, Any]

    @property
    def layer(self) -> Path:
        """The target's layer.zip."""
        return self.folder / LAYER

    @property
    def locks(self) -> list[Path]:
        """The files of the locks that the manifest names."""
        return [self.folder / lock["file"] for lock in self.manifest["locks"]]


def wrap(out: Path) -> None:
    """Turn what a target's build left in ``out/`` into a part: one zip, and its receipt, last.

    The bill of materials and the provenance are left out: the merge writes those of the layer.
    """
    document = json.loads((out / MANIFEST).read_text(encoding="utf-8"))
    inside = [LAYER, *(lock["file"] for lock in document["locks"]), MANIFEST]
    archive, inner = out / ARCHIVE, _sha256(out / MANIFEST).hex()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as whole:
        for name in inside:
            whole.write(out / name, name)
    for file in sorted(out.iterdir()):
        if file != archive:
            file.unlink()
    receipt = {
        "schema": SCHEMA,
        "fingerprint": document["fingerprint"],
        "target": f"python{document['targets'][0]['python']}",
        "size": archive.stat().st_size,
        "sha256": _sha256(archive).hex(),
        "manifest_sha256": inner,
        "build_id": document["build_id"],
    }
    manifest.write(out / RECEIPT, receipt)


def folder_of(target: Target, environment: Mapping[str, str] = os.environ) -> Path:
    """Return where CodeBuild put a target's part; raise BuildError when it was given none."""
    variable = f"CODEBUILD_SRC_DIR_python{target.python.replace('.', '_')}"
    folder = environment.get(variable)
    if not folder:
        raise BuildError(
            f"there is no part for {target}",
            where=f"the environment variable {variable}",
            expected="a secondary source for each target",
            fix="start the merge with lambda-layer or terraform apply, which name the parts",
        )
    return Path(folder)


def seals(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the SHA-256 of each part's manifest, by runtime, as who started the merge knows it."""
    pairs = (word.partition("=") for word in environment.get(SEALS_VARIABLE, "").split())
    return {runtime: digest for runtime, _, digest in pairs}


def read(wanted: Request, target: Target, folder: Path, seal: str = "") -> Part:
    """Return the part in a folder; raise BuildError unless it is whole and the target's own.

    ``seal`` is the SHA-256 that its manifest must have: other builds of the layer could write where
    parts are.
    """
    where = folder / MANIFEST
    try:
        content = where.read_bytes()
        document = json.loads(content)
        problem = _problem(document, wanted, target, folder)
        if seal and hashlib.sha256(content).hexdigest() != seal:
            problem = "its manifest is not the one that its build left"
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _refusal(target, f"its manifest cannot be read: {error!r}", where) from error
    if problem:
        raise _refusal(target, problem, where)
    return Part(target, folder, document)


def _problem(document: Mapping[str, Any], wanted: Request, target: Target, folder: Path) -> str:
    own = [{"python": target.python, "architecture": target.architecture}]
    if document["schema"] != manifest.SCHEMA:
        return f"its manifest has schema {document['schema']}"
    if document["fingerprint"] != wanted.fingerprint:
        return f"it is of fingerprint {document['fingerprint']}"
    if document["targets"] != own:
        return f"it is for {document['targets']}"
    digest = base64.b64encode(_sha256(folder / LAYER)).decode("ascii")
    if document["code_sha256"] != digest:
        return "its layer.zip is not the one that its manifest is about"
    locks = document["locks"]
    lost = [lock["file"] for lock in locks if not _is_there(folder, lock["file"])]
    if lost:
        return f"it lacks {', '.join(lost)}"
    changed = [k["file"] for k in locks if _sha256(folder / k["file"]).hex() != k["sha256"]]
    return f"{', '.join(changed)} is not what its manifest says" if changed else ""


def _is_there(folder: Path, name: str) -> bool:
    """Whether a lock is in the part: no path leads out of it."""
    return LOCK.fullmatch(name) is not None and (folder / name).is_file()


def _sha256(path: Path) -> bytes:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        for block in iter(lambda: file.read(BLOCK), b""):
            digest.update(block)
    return digest.digest()


def _refusal(target: Target, why: str, where: Path) -> BuildError:
    return BuildError(
        f"the part for {target} cannot be used: {why}",
        where=str(where),
        expected="the whole part that a build of this fingerprint made for this target",
        fix="build the layer anew with force_rebuild",
    )
