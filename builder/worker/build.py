"""The build: from ``request.json`` to ``out/``, one step after the other."""

from __future__ import annotations

import os
import posixpath
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any, Collection, Iterator, Mapping, Sequence

from . import indexes, program, request, sandbox
from .audit import checks, licences, verdict
from .audit.ahead import Ahead
from .content import Content
from .contents import distributions, files, starts
from .contents.files import LayerFile, fresh
from .documents import manifest, provenance, sbom
from .documents.manifest import Circumstances, Package
from .install import include
from .install import system_packages as system
from .log import Log, counted, human
from .pack import libdeflate, pack
from .resolve import uv as uvs
from .slim import options
from .target import fill

LARGEST_SHOWN = 8


def build(bundle: Path, log: Log, limit: int = checks.UNZIPPED_LIMIT, *, runtime: str = "") -> None:
    """Build the layer that the bundle asks for; raise BuildError when it cannot be right.

    With ``runtime``, such as ``python3.12``, only what the layer has for that target.
    """
    started_at = manifest.now()
    wanted = request.read(bundle / "request.json")
    wanted = wanted.only(runtime) if runtime else wanted
    limit = checks.IMAGE_LIMIT if wanted.image else limit
    uv, engine = uvs.find(bundle), libdeflate.load(bundle, pack.LEVEL)
    out, work = fresh(bundle / "out"), fresh(bundle / ".build")
    targets = ", ".join(str(target) for target in wanted.targets)
    log.step(f"layer {wanted.layer} for {targets} (worker {program.version()})")
    sandbox.announce(log)
    stage = work / "layer"
    system.prepare(wanted, bundle, work / "extra", log)
    indexes.log_in(wanted.indexes, os.environ, log)
    with ThreadPoolExecutor(1) as pool, Ahead() as ahead:
        loading = pool.submit(sbom.load, bundle)
        contents = [
            fill(wanted, target, uv, bundle, stage, log, ahead) for target in wanted.targets
        ]
        loading.result()
        licences.check(wanted.licences, contents, log)
        include.take_extra(wanted, work / "extra", stage, log)
        with log.timed("slim"):
            sealed = {n: digest for content in contents for n, digest in content.sealed.items()}
            found = files.collect(stage)
            sealed.update(pack.seal([file for file in found if file.name not in sealed]))
            present = {file.name for file in found}
            collected = [_without_paths(file, sealed, present) for file in found]
        at_start = tuple(_at_start(stage, contents))
        # The audit mostly waits for the interpreter that imports the modules.
        judging = pool.submit(verdict.judge, wanted, contents, collected, stage, log, limit, ahead)
        with log.timed("pack"):
            packed = pack.pack(collected, work / "layer.zip", engine, sealed=sealed)
        sizes = judging.result()
    (work / "layer.zip").replace(out / "layer.zip")
    unzipped = sum(file.size for file in collected)
    packages = _packages(sizes, contents)
    circumstances = Circumstances(
        started_at,
        manifest.now(),
        tuple(manifest.lock_of(path) for path in sorted(out.glob("lock-*.txt"))),
        options.total(content.saved for content in contents),
        {name: round(seconds, 3) for name, seconds in sorted(log.seconds.items())},
        manifest.together(
            {"name": pin.name, "version": pin.version, "hashes": pin.hashes}
            for content in contents
            for pin in content.builds
        ),
        sandbox.confines(),
        at_start,
    )
    document = manifest.document(wanted, packed, unzipped, len(collected), packages, circumstances)
    manifest.write(out / "sbom.cdx.json", sbom.bill(document))
    manifest.write(out / "provenance.json", provenance.statement(document))
    manifest.write_last(out, document)
    _report(packages, log)
    log.step(
        f"done: {counted(len(packages), 'package')}, {counted(len(collected), 'file')}, "
        f"{human(unzipped)} unzipped, {human(packed.size)} zipped"
    )


def _at_start(stage: Path, contents: Sequence[Content]) -> Iterator[Mapping[str, Any]]:
    """Yield what runs whenever Python starts, with its place in the layer."""
    for content in contents:
        for start in starts.read(stage / content.prefix, content.found):
            yield {**asdict(start), "file": f"{content.prefix}/{start.file}"}


def _packages(sizes: Mapping[tuple[str, str], int], contents: Sequence[Content]) -> list[Package]:
    """Return the packages with what their metadata and the locks say of them."""
    known = {(d.name, d.version): d for content in contents for d in content.found}
    allowed: dict[str, set[str]] = {}
    for content in contents:
        for pin in content.locked.pins:
            allowed.setdefault(pin.name, set()).update(pin.hashes)
    return [
        Package(
            name,
            version,
            size,
            known[name, version].license,
            known[name, version].record_sha256,
            tuple(sorted(allowed.get(name, ()))),
        )
        for (name, version), size in sorted(sizes.items())
    ]


def _without_paths(
    file: LayerFile, sealed: Mapping[str, bytes], present: Collection[str]
) -> LayerFile:
    """Give RECORD only the files that are still there: uv's own differ from machine to machine."""
    if not file.name.endswith(".dist-info/RECORD"):
        return file
    content = file.path.read_bytes()
    pack.check(file, content, sealed)
    record = content.decode("utf-8")
    root = file.name.rpartition("/")[0].rpartition("/")[0]
    rows = distributions.record_paths(record)
    listed = {row for row in rows if posixpath.normpath(posixpath.join(root, row)) in present}
    kept = distributions.record_of_present(record, listed)
    return file.replaced(kept.encode("utf-8"))


def _report(packages: Sequence[Package], log: Log) -> None:
    """Show which packages take the most."""
    largest = sorted(packages, key=lambda package: -package.size)
    rows = [f"{human(p.size):>9}  {p.name} {p.version}" for p in largest[:LARGEST_SHOWN]]
    rest = largest[LARGEST_SHOWN:]
    if rest:
        rows.append(f"{human(sum(p.size for p in rest)):>9}  {len(rest)} more")
    log.table(rows)
