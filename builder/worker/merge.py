"""The merge: the parts of all targets become one layer, each below its own site-packages.

Nothing is built, unpacked or deflated here: entries are copied as their own builds packed them, so
the layer has the same bytes in whatever order the parts came to be.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any, Callable, Iterable, Mapping, Sequence

from . import parts, program, request
from .audit import checks
from .contents.files import LayerFile, fresh
from .documents import manifest, provenance, sbom
from .documents.manifest import Circumstances, Package
from .errors import BuildError
from .log import Log, counted, human
from .pack import archive
from .pack.archive import Entry
from .parts import Part
from .request import Request, Target
from .slim.options import Saved, total


def merge(
    bundle: Path,
    log: Log,
    folder_of: Callable[[Target], Path] = parts.folder_of,
    limit: int = checks.UNZIPPED_LIMIT,
) -> None:
    """Merge the parts of all targets that the bundle asks for; write ``out/``.

    Raise BuildError when a part is not what it should be, or when all of them are too much.
    """
    started_at = manifest.now()
    wanted = request.read(bundle / "request.json")
    sbom.load(bundle)
    targets = ", ".join(str(target) for target in wanted.targets)
    log.step(f"layer {wanted.layer}: merging {targets} (worker {program.version()})")
    seals = parts.seals()
    found = [
        parts.read(wanted, target, folder_of(target), seals.get(f"python{target.python}", ""))
        for target in wanted.targets
    ]
    entries = _together(found, [_entries(wanted, part) for part in found])
    for note in _check_size(entries, found, limit):
        log.note(note)
    out = fresh(bundle / "out")
    log.step(f"copying {counted(len(entries), 'file')}")
    packed = archive.join(entries, out / parts.LAYER)
    locks = [Path(shutil.copy(lock, out)) for part in found for lock in part.locks]
    circumstances = Circumstances(
        started_at,
        manifest.now(),
        tuple(manifest.lock_of(path) for path in sorted(locks)),
        total(_saved(part) for part in found),
        confined=all(part.manifest.get("confined", False) for part in found),
        build_requirements=manifest.together(
            item for part in found for item in part.manifest.get("build_requirements", ())
        ),
        at_start=tuple(item for part in found for item in part.manifest.get("at_start", ())),
    )
    unzipped = sum(entry.size for entry in entries)
    packages = _packages(found)
    document = manifest.document(wanted, packed, unzipped, len(entries), packages, circumstances)
    document["parts"] = [_described(part) for part in found]
    manifest.write(out / "sbom.cdx.json", sbom.bill(document))
    manifest.write(out / "provenance.json", provenance.statement(document))
    manifest.write_last(out, document)
    log.step(
        f"done: {counted(len(packages), 'package')}, {counted(len(entries), 'file')}, "
        f"{human(unzipped)} unzipped, {human(packed.size)} zipped"
    )


def _entries(wanted: Request, part: Part) -> list[Entry]:
    """Return a part's entries; refuse one that is not below the target's own site-packages.

    What all targets have in common (``bin/``, ``lib/``) is there only if it was asked for.
    """
    entries = archive.read(part.layer)
    prefix = wanted.prefix(part.target) + "/"
    allowed = (prefix, *(f"{folder}/" for folder in wanted.include))
    for entry in entries:
        if not entry.name.startswith(allowed) or ".." in entry.name.split("/"):
            raise BuildError(
                f"the part for {part.target} holds a file that is not below its own folder",
                where=entry.name,
                expected=f"files below {prefix}: those of several versions are never mixed",
                fix="build the layer anew with force_rebuild",
            )
    return entries


def _together(found: Sequence[Part], entries: Sequence[Sequence[Entry]]) -> list[Entry]:
    """Return the entries of all parts; refuse a file in common that is not the same in all."""
    kept: dict[str, tuple[Part, Entry]] = {}
    for part, own in zip(found, entries):  # noqa: B905 - strict= came with Python 3.10
        for entry in own:
            first, known = kept.setdefault(entry.name, (part, entry))
            if first is not part and known.content != entry.content:
                raise BuildError(
                    f"{entry.name} is not the same for {first.target} and for {part.target}",
                    where="what the layer includes beside python/",
                    expected="one file that fits all of the layer's runtimes",
                    fix='make one layer a target: split = "target" in layers.toml',
                )
    return [entry for _, entry in kept.values()]


def _check_size(entries: Iterable[Entry], found: Sequence[Part], limit: int) -> list[str]:
    """Refuse what is too large for Lambda, with packages named by the target that they are for."""
    files = [LayerFile(entry.name, entry.archive, entry.size) for entry in entries]
    sizes = {
        f"{package['name']} {package['version']} (python{part.target.python})": package["size"]
        for part in found
        for package in part.manifest["packages"]
    }
    return checks.check_size(files, sizes, limit)


def _packages(found: Sequence[Part]) -> list[Package]:
    """Return each distribution once: its size in all targets, the hashes of all their locks."""
    known: dict[tuple[str, str], Package] = {}
    for part in found:
        for item in part.manifest["packages"]:
            key = (item["name"], item["version"])
            before = known.get(key)
            known[key] = Package(
                *key,
                item["size"] + (before.size if before else 0),
                item["license"],
                item["record_sha256"],
                tuple(sorted({*item["hashes"], *(before.hashes if before else ())})),
            )
    return [known[key] for key in sorted(known)]


def _saved(part: Part) -> list[Saved]:
    return [Saved(item["what"], item["files"], item["size"]) for item in part.manifest["saved"]]


def _described(part: Part) -> Mapping[str, Any]:
    kept = ("code_sha256", "worker", "started_at", "finished_at", "build_id")
    target = f"python{part.target.python}"
    return {"target": target, **{key: part.manifest[key] for key in kept}}
