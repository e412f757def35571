"""What is installed in a folder, as the distributions' own metadata says."""

from __future__ import annotations

import csv
import email
import email.message
import hashlib
import io
import posixpath
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Collection, Iterable, Mapping, Sequence

from ..errors import BuildError
from ..names import normalize

MODULE_SUFFIXES = (".py", ".so", ".pyc")
NAMESPACE_DEPTH = 4
LICENSE_LIMIT = 120

NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?")
VERSION = re.compile(r"[!-~]{1,200}")
"""What names and versions are made of (PyPA specifications, "Core metadata"): no spaces, one line.
"""

INSTALLERS_OWN = {"INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json", "uv_build.json"}
"""Files of dist-info that say how and from which path uv installed: they differ by machine."""

NOT_TO_IMPORT = {
    *("test", "tests", "testing", "_test", "_tests", "conftest", "testsuite"),
    *("doc", "docs", "example", "examples", "benchmark", "benchmarks", "setup", "noxfile"),
}
"""Modules that a distribution ships by accident or for its developers: they need more to import."""

NO_NAMESPACES = {"share", "etc", "include", "lib", "man", "data", "bin"}
"""Folders that wheels bring as data: Python files in them are no modules."""


@dataclass(frozen=True)
class Distribution:
    """One installed distribution: ``files`` are relative to its folder, as RECORD lists them.

    ``hashes`` has the hash of a file as RECORD writes it, where it has one.
    """

    name: str
    version: str
    info: str
    files: tuple[str, ...]
    license: str = ""
    record_sha256: str = ""
    hashes: Mapping[str, str] = field(default_factory=dict, hash=False)


def read(root: Path) -> list[Distribution]:
    """Return the distributions that are installed in a folder, by name."""
    found = [_read(info) for info in root.glob("*.dist-info") if (info / "METADATA").is_file()]
    return sorted(found, key=lambda distribution: distribution.name)


def record_paths(record: str) -> list[str]:
    """Return the paths that a RECORD lists."""
    return [row[0] for row in rows_of(record)]


def rows_of(record: str, where: str = "a RECORD") -> list[list[str]]:
    """Return the lines of a RECORD; raise BuildError, which says ``where``, when it is not CSV.

    (PyPA specifications, "Recording installed projects": the default dialect of the module csv.)
    """
    try:
        return [row for row in csv.reader(io.StringIO(record)) if row]
    except csv.Error as error:
        raise refusal(where, str(error)) from error


def text_of(file: Path) -> str:
    """Return the text of a file of metadata; raise BuildError when it is not UTF-8."""
    try:
        return file.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise refusal("/".join(file.parts[-2:]), f"it is not UTF-8: {error}") from error


def record_of_present(record: str, present: Collection[str]) -> str:
    """Return RECORD's lines for the files that are still there, sorted."""
    return as_record(sorted(row for row in rows_of(record) if row[0] in present))


def as_record(rows: Iterable[Sequence[str]]) -> str:
    """Return lines of a RECORD as its text."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()


def drop(record: Path, files: Collection[str]) -> None:
    """Take files off a RECORD, because the layer has those of another distribution."""
    kept = as_record(row for row in rows_of(text_of(record)) if row[0] not in files)
    # A new file: the old one may share its bytes with uv's cache.
    record.unlink()
    record.write_text(kept, encoding="utf-8")


def packages_of(files: Iterable[str]) -> set[str]:
    """Return the folders that are regular packages."""
    split = (posixpath.split(file) for file in files)
    return {folder for folder, base in split if base.startswith("__init__.")}


def modules_of(
    files: Iterable[str],
    packages: Collection[str],
    folders: Sequence[str] = (),
    name: str = "",
) -> tuple[str, ...]:
    """Return what can be imported: packages, modules, and ``google.protobuf`` in a namespace.

    ``packages`` are those of the whole layer: another distribution may make a folder a package.
    ``folders`` are those that .pth files put on the path, ``name`` is that of the distribution.
    """
    found = set()
    for file in files:
        start = next((f"{folder}/" for folder in folders if file.startswith(f"{folder}/")), "")
        inside = {p[len(start) :] for p in packages if p.startswith(start)} if start else packages
        found.add(_module(file[len(start) :], inside, name))
    return tuple(sorted(module for module in found if module))


def main_of(
    name: str, modules: Collection[str], packages: Collection[str], top_level: Collection[str] = ()
) -> set[str]:
    """Return the modules that a distribution is there for: one that is named like it, or its only
    package that is not private.

    ``top_level`` is what its top_level.txt says, which not every build backend writes.
    """
    public = [m for m in modules if not m.rpartition(".")[2].startswith("_")]
    named = {m for m in public if name in (normalize(m), normalize(m.rpartition(".")[2]))}
    public = [m for m in public if not top_level or m.split(".")[0] in top_level]
    whole = [m for m in public if m.replace(".", "/") in packages]
    return named | (set(whole) if len(whole) == 1 else set())


def top_level_of(root: Path, info: str) -> tuple[str, ...]:
    """Return what a distribution's top_level.txt lists, if it has one."""
    path = root / info / "top_level.txt"
    if not path.is_file():
        return ()
    return tuple(path.read_text(encoding="utf-8", errors="replace").replace("/", ".").split())


def site_folders(root: Path) -> list[str]:
    """Return the folders below ``root`` that .pth files put on the path, the deepest first.

    (Python's documentation of the module site: one folder a line, beside comments and imports.)
    """
    found = set()
    for path in root.glob("*.pth"):
        for line in path.read_text(encoding="utf-8-sig", errors="replace").splitlines():
            folder = posixpath.normpath(line.rstrip())
            names_one = line.strip() and not line.startswith(("#", "import ", "import\t"))
            if names_one and not folder.startswith(("/", "..", ".")) and (root / folder).is_dir():
                found.add(folder)
    return sorted(found, key=lambda folder: (-folder.count("/"), folder))


def _module(file: str, packages: Collection[str], name: str) -> str | None:
    *folders, base = file.split("/")
    if not base.endswith(MODULE_SUFFIXES):
        return None
    for depth in range(1, len(folders) + 1):
        if "/".join(folders[:depth]) in packages:
            return _name(folders[:depth], name)
    if len(folders) > NAMESPACE_DEPTH or (folders and folders[0] in NO_NAMESPACES):
        return None
    return _name([*folders, base.split(".", 1)[0]], name)


def _name(parts: list[str], distribution: str) -> str | None:
    full = ".".join(parts)
    if not all(part.isidentifier() for part in parts) or parts[-1] in ("__main__", "__init__"):
        return None
    meant = normalize(full) == distribution
    return full if meant or not NOT_TO_IMPORT & set(parts) else None


def _read(info: Path) -> Distribution:
    # Not from bytes: what is not ASCII would be lost. It is UTF-8 (PyPA, "Core metadata").
    text = (info / "METADATA").read_bytes().decode("utf-8", "replace")
    metadata = email.message_from_string(text)
    record = info / "RECORD"
    rows = rows_of(text_of(record), f"{info.name}/RECORD") if record.is_file() else []
    problem = problem_of(metadata)
    if problem:
        raise refusal(f"{info.name}/METADATA", problem)
    # An installer may have added a file to those of the wheel, and one file can be listed twice.
    hashes = {posixpath.normpath(row[0]): row[1] if len(row) > 1 else "" for row in rows}
    return Distribution(
        normalize(str(metadata["Name"])),
        str(metadata["Version"]),
        info.name,
        tuple(file for file in hashes if not file.startswith(("../", "/"))),
        _license(metadata),
        _content_digest(rows),
        {file: digest for file, digest in hashes.items() if digest},
    )


def problem_of(metadata: email.message.Message) -> str:
    """Return what is wrong with the name and the version of a METADATA, "" if nothing is."""
    for key, pattern in (("Name", NAME), ("Version", VERSION)):
        said = [str(value) for value in metadata.get_all(key) or ()]
        if not said:
            return f"it has no {key}"
        if len(said) > 1 or not pattern.fullmatch(said[0]):
            return f"it has the {key} {' and '.join(f'{each!r:.100}' for each in said[:3])}"
    return ""


def _license(metadata: email.message.Message) -> str:
    """Return the licence as SPDX, as the old field, or as its classifiers say it."""
    said = str(metadata["License-Expression"] or metadata["License"] or "").strip()
    # The old field holds the whole text in some distributions.
    if said and len(said) <= LICENSE_LIMIT and "\n" not in said:
        return said
    classifiers = [str(value) for value in metadata.get_all("Classifier") or ()]
    named = [c.rpartition(" :: ")[2] for c in classifiers if c.startswith("License :: ")]
    return ", ".join(named)


def _content_digest(rows: Iterable[Sequence[str]]) -> str:
    """Return the SHA-256 of RECORD's lines as the wheel had them: they name each file's own."""
    lines = sorted(",".join(row) for row in rows if not _is_installers(row[0]))
    return hashlib.sha256("\n".join(lines).encode("utf-8")).hexdigest()


def refusal(where: str, problem: str) -> BuildError:
    """Return the error that a file of a distribution's metadata is not as it has to be."""
    return BuildError(
        f"the metadata of a distribution cannot be read: {problem}",
        where=where,
        expected='a dist-info folder as installers write it (PyPA specifications, "Recording '
        'installed projects")',
        fix="use another version of this distribution, and report it to its authors",
    )


def _is_installers(path: str) -> bool:
    """Whether an installer wrote the file: it differs from machine to machine."""
    # A script begins with the path of the interpreter it was installed for.
    is_script = path.startswith(("../", "bin/"))
    return is_script or "/../" in path or posixpath.basename(path) in INSTALLERS_OWN
