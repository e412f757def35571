"""Known vulnerabilities of packages, from OSV: asked by pip-audit, or looked up in a copy.

Sources of the facts: pip-audit's README (``--format json``); OSV schema 1.7, "Evaluation"; OSV's
"Data dumps" (``PyPI/all.zip``, one JSON document a vulnerability).
"""

from __future__ import annotations

import subprocess
import sys
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from builder.documents import Malformed, read_json, typed
from builder.errors import LayerError
from builder.origin import extra
from builder.room import working_folder
from builder.worker.zips import BROKEN

TIMEOUT_SECONDS = 300
LARGEST = 4 << 20
"""Bytes of one vulnerability's document; those of OSV have some kilobytes."""


@dataclass(frozen=True)
class Package:
    """A package of an SBOM; ``in_layer`` is false for what was only needed by a build."""

    name: str
    version: str
    in_layer: bool = True


@dataclass(frozen=True)
class Vulnerability:
    """One known vulnerability of one package; ``fixed_in`` are versions without it."""

    package: str
    version: str
    in_layer: bool
    id: str
    aliases: tuple[str, ...] = ()
    fixed_in: tuple[str, ...] = ()
    summary: str = ""


def ask(packages: Sequence[Package], url: str = "") -> list[Vulnerability]:
    """Let pip-audit ask OSV, or the service at ``url`` that answers like it.

    Raise LayerError when pip-audit is not installed or the service does not answer.
    """
    if find_spec("pip_audit") is None:
        raise LayerError(
            "pip-audit is not installed",
            where=sys.executable,
            expected="the package pip-audit, which asks OSV for known vulnerabilities",
            fix=f"pip install {extra('audit')}, or give a copy: --database FILE",
        )
    return [each for batch in _batches(packages) for each in _asked(batch, url)]


def _batches(packages: Sequence[Package]) -> list[list[Package]]:
    """Return the packages in lists that have each name once: pip-audit takes no more of a list."""
    batches: list[dict[str, Package]] = []
    for package in packages:
        name = canonicalize_name(package.name)
        free = next((batch for batch in batches if name not in batch), None)
        if free is None:
            batches.append(free := {})
        free[name] = package
    return [list(batch.values()) for batch in batches]


def _asked(packages: Sequence[Package], url: str) -> list[Vulnerability]:
    with working_folder() as folder:
        pins, out = folder / "pins.txt", folder / "found.json"
        lines = [f"{package.name}=={package.version}\n" for package in packages]
        pins.write_text("".join(lines), encoding="utf-8")
        command = [sys.executable, "-m", "pip_audit", "--requirement", str(pins), "--no-deps"]
        command += ["--disable-pip", "--progress-spinner", "off", "--format", "json"]
        command += ["--output", str(out), "--vulnerability-service", "osv"]
        command += ["--osv-url", url] if url else []
        try:
            ended = subprocess.run(
                command, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise _unanswered(f"no answer within {TIMEOUT_SECONDS} s", url) from error
        if not out.is_file():
            lines_said = ended.stderr.strip().splitlines() or ["pip-audit said nothing"]
            raise _unanswered(lines_said[-1], url)
        return _found(packages, out.read_bytes())


def look_up(packages: Sequence[Package], database: Path) -> list[Vulnerability]:
    """Look for packages in a copy of OSV's database: a zip or a folder of JSON documents.

    Raise LayerError when it cannot be read.
    """
    by_name: dict[str, list[Package]] = {}
    for package in packages:
        by_name.setdefault(canonicalize_name(package.name), []).append(package)
    found, read = [], 0
    try:
        for name, content in _documents(database):
            read += 1
            try:
                entry = typed(dict[str, Any], read_json(content))
                found += list(_of_entry(entry, by_name))
            except (Malformed, KeyError, AttributeError, TypeError, ValueError) as error:
                raise _unreadable(database, f"{name}: {error}") from error
    except BROKEN as error:
        raise _unreadable(database, str(error)) from error
    if not read:
        raise _unreadable(database, "it has no JSON document")
    return sorted(found, key=lambda each: (each.package, each.version, each.id))


def _found(packages: Sequence[Package], content: bytes) -> list[Vulnerability]:
    try:
        answer = typed(dict[str, Any], read_json(content))
        judged = {canonicalize_name(d["name"]): d for d in answer["dependencies"]}
        skipped = [d for d in answer["dependencies"] if "skip_reason" in d]
        if skipped:
            names = ", ".join(f"{d['name']} ({d['skip_reason']})" for d in skipped)
            raise _unanswered(f"not judged: {names}", "")
        return [
            Vulnerability(
                package.name,
                package.version,
                package.in_layer,
                vulnerability["id"],
                tuple(sorted(vulnerability["aliases"])),
                tuple(vulnerability["fix_versions"]),
                _first_line(vulnerability.get("description") or ""),
            )
            for package in packages
            for vulnerability in judged[canonicalize_name(package.name)]["vulns"]
        ]
    except (Malformed, KeyError, TypeError) as error:
        raise _unanswered(f"pip-audit's answer cannot be read: {error!r}", "") from error


def _documents(database: Path) -> Iterator[tuple[str, bytes]]:
    if database.is_dir():
        for path in sorted(database.rglob("*.json")):
            with path.open("rb") as opened:
                yield path.name, opened.read(LARGEST)
        return
    with zipfile.ZipFile(database) as archive:
        for info in archive.infolist():
            if info.filename.endswith(".json"):
                with archive.open(info) as member:
                    yield info.filename, member.read(LARGEST)


def _of_entry(entry: dict[str, Any], by_name: dict[str, list[Package]]) -> Iterator[Vulnerability]:
    if "withdrawn" in entry:
        return
    for affected in entry.get("affected") or []:
        of = affected.get("package") or {}
        if of.get("ecosystem") != "PyPI":
            continue
        for package in by_name.get(canonicalize_name(str(of.get("name", ""))), ()):
            if _affects(affected, package.version):
                yield Vulnerability(
                    package.name,
                    package.version,
                    package.in_layer,
                    str(entry["id"]),
                    tuple(sorted(typed(tuple[str, ...], entry.get("aliases") or [], "aliases"))),
                    tuple(event["fixed"] for event in _events(affected) if "fixed" in event),
                    _first_line(str(entry.get("summary") or entry.get("details") or "")),
                )


def _affects(affected: dict[str, Any], version: str) -> bool:
    if version in (affected.get("versions") or []):
        return True
    try:
        own = Version(version)
    except InvalidVersion:
        return False
    spans = [s for s in affected.get("ranges") or [] if s.get("type") == "ECOSYSTEM"]
    return any(_in_range(own, span["events"]) for span in spans)


def _in_range(own: Version, events: Sequence[dict[str, str]]) -> bool:
    """Return whether a version is affected, as OSV's pseudocode has it: the last event counts."""
    inside = False
    for kind, place in sorted(map(_placed, events), key=lambda event: event[1]):
        if kind == "introduced" and own >= place:
            inside = True
        elif (kind == "fixed" and own >= place) or (kind == "last_affected" and own > place):
            inside = False
    return inside


def _placed(event: dict[str, str]) -> tuple[str, Version]:
    """Return what an event is and its version; raise ValueError when it is not exactly one."""
    ((kind, text),) = event.items()
    return kind, Version("0.dev0" if text == "0" else text)


def _events(affected: dict[str, Any]) -> Iterator[dict[str, str]]:
    for span in affected.get("ranges") or []:
        if span.get("type") == "ECOSYSTEM":
            yield from span["events"]


def _first_line(text: str) -> str:
    return next((line.strip(" #") for line in text.splitlines() if line.strip(" #")), "")


def _unanswered(said: str, url: str) -> LayerError:
    return LayerError(
        "the known vulnerabilities cannot be asked for",
        where=said,
        expected=f"{url or 'OSV'} to answer for every package",
        fix="try again, or give a copy of OSV's database: --database all.zip",
    )


def _unreadable(database: Path, said: str) -> LayerError:
    return LayerError(
        "the database of vulnerabilities cannot be read",
        where=f"{database}: {said}",
        expected="a zip or a folder of OSV's JSON documents, such as PyPI/all.zip of OSV",
        fix="download it again",
    )
