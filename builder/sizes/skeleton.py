"""A layer's folder without its bulk: every file by name, and the content of those that are judged.

The worker's own rules (``exclude``, ``slim``) run over it as they run over a real one, so what they
leave here is what they leave there. Only stripping symbols needs the compiled files themselves.
"""

from __future__ import annotations

import posixpath
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from builder.room import is_full
from builder.sizes.packing import deflated
from builder.sizes.table import RECORD, Entry, Table
from builder.worker.audit import harmless
from builder.worker.contents import distributions
from builder.worker.contents.distributions import Distribution
from builder.worker.contents.files import names
from builder.worker.errors import BuildError
from builder.worker.install import include
from builder.worker.install.include import BIN
from builder.worker.slim import cleanup, options

DATA = {"purelib": "", "platlib": "", "data": "", "scripts": "bin/", "headers": "include/{name}/"}
"""Where the parts of a wheel's .data folder go below the folder that uv installs into."""

OPTIONS = tuple(options.CHOICES)
"""The slim options whose savings can be known from names and modules; ``symbols`` cannot."""


@dataclass(frozen=True)
class Kept:
    """What is left: each file with its size and its package; what each slim option would save.

    ``saves`` has, for options that are set, what they saved, and for others what they would save
    besides, by option and package in bytes.
    """

    files: Mapping[str, tuple[Entry, str]]
    saves: Mapping[str, Mapping[str, int]]
    excluded: int
    found: Sequence[Distribution]


def build(
    root: Path,
    tables: Mapping[str, Table],
    exclude: tuple[str, ...],
    slim: tuple[str, ...],
    own: Iterable[str],
    *,
    scripts: bool = False,
) -> Kept:
    """Lay wheels, by their distributions' names, into an empty folder, and slim it."""
    laid: dict[str, tuple[Entry, str]] = {}
    several: dict[str, list[str]] = {}
    for name in sorted(tables):
        mine = _lay(root, name, tables[name])
        for file in mine.keys() & laid.keys():
            several.setdefault(file, [laid[file][1]]).append(name)
        laid.update(mine)
    found = distributions.read(root)
    ours = set(own)
    lost = _settle(root, tables, several, ours, found, laid)
    programs = _programs(root, found, laid, tables) if scripts else {}
    removed = cleanup.slim(root, exclude)
    excluded = sum(laid[file][0].size for file in removed.gone)
    saves: dict[str, dict[str, int]] = {}
    chosen = [option for option in OPTIONS if option in slim]
    for option in chosen:
        saves[option] = _slim(root, option, found, ours, laid)
    present = names(root)
    records = _records(root, present, laid, lost)
    for option in OPTIONS:
        if option not in chosen:
            saves[option] = _slim(root, option, found, ours, laid)
    files = {file: laid[file] for file in present if file in laid}
    files.update({f: (entry, laid[f][1]) for f, entry in records.items() if f in files})
    return Kept({**files, **programs}, saves, excluded, found)


def _lay(root: Path, name: str, table: Table) -> dict[str, tuple[Entry, str]]:
    """Write a wheel's files, with the content of those that are judged."""
    laid = {}
    for file, entry in table.entries.items():
        place = installed_at(file, name)
        if place is None:
            continue
        path = root / place
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(table.texts.get(file, b""))
        except (OSError, ValueError) as error:
            if is_full(error):
                raise
            raise BuildError(
                f"{name} has a file that cannot be installed beside the others",
                where=f"{file}: {error}",
                expected="names that a file system takes, and no file where a folder is",
                fix=f"choose another version of {name}, or leave it out",
            ) from error
        laid[place] = (entry, name)
    return laid


def _settle(
    root: Path,
    tables: Mapping[str, Table],
    several: Mapping[str, list[str]],
    own: set[str],
    found: Sequence[Distribution],
    laid: dict[str, tuple[Entry, str]],
) -> dict[str, set[str]]:
    """Let the worker's rule choose whose file the layer has where several bring one of a name.

    Return, by distribution, the files that are another's: its RECORD lists them no more.
    """
    lost: dict[str, set[str]] = {}
    by_name = {distribution.name: distribution for distribution in found}
    for file, names_of_it in several.items():
        theirs = {name: _at(tables[name], name, file) for name in names_of_it}
        if len({(entry.size, text) for entry, text in theirs.values()}) == 1:
            continue  # the same, or a compiled file of the same size
        with tempfile.TemporaryDirectory(dir=root.parent) as place:
            contents = {}
            for name, (_, text) in theirs.items():
                contents[name] = Path(place, name)
                contents[name].write_bytes(text)
            claimants = [by_name[name] for name in names_of_it if name in by_name]
            winner = harmless.winner(file, contents, own, claimants)
        if winner is None:
            continue  # the build refuses it
        entry, text = theirs[winner]
        laid[file] = (entry, winner)
        (root / file).write_bytes(text)
        for name in set(names_of_it) - {winner}:
            lost.setdefault(name, set()).add(file)
    return lost


def _at(table: Table, name: str, place: str) -> tuple[Entry, bytes]:
    """Return the file of a wheel that goes to a place, with what is known of its content."""
    file = next(file for file in table.entries if installed_at(file, name) == place)
    return table.entries[file], table.texts.get(file, b"")


def _programs(
    root: Path,
    found: Sequence[Distribution],
    laid: Mapping[str, tuple[Entry, str]],
    tables: Mapping[str, Table],
) -> dict[str, tuple[Entry, str]]:
    """Return the programs of bin/ as the layer has them: scripts are written anew for it."""
    if f"{BIN}/__init__.py" in laid:
        return {}
    programs = {file: entry for file, entry in laid.items() if file.startswith(f"{BIN}/")}
    entries: dict[str, tuple[str, str]] = {}
    for distribution in found:
        for program, entry in include.entry_points(root, [distribution]).items():
            entries[program] = (entry, distribution.name)
    for program, (entry, name) in entries.items():
        text = include.script(b"", entry)
        if text is not None:
            programs[f"{BIN}/{program}"] = (_entry_of(text), name)
    for file, (_, name) in list(programs.items()):
        if file.removeprefix(f"{BIN}/") in entries:
            continue
        text = include.script(_at(tables[name], name, file)[1], None)
        if text is not None:
            programs[file] = (_entry_of(text), name)
    return programs


def _entry_of(text: str) -> Entry:
    content = text.encode()
    return Entry(len(content), deflated(content))


def installed_at(file: str, name: str) -> str | None:
    """Return where a file of a distribution's wheel goes below the layer's folder.

    None when it goes elsewhere.
    """
    parts = PurePosixPath(file).parts
    if not parts or parts[0] == "/" or ".." in parts or "\0" in file:
        return None
    if parts[0].endswith(".data") and len(parts) > 2:
        start = DATA.get(parts[1])
        return None if start is None else start.format(name=name) + "/".join(parts[2:])
    return "/".join(parts)


def _slim(
    root: Path,
    option: str,
    found: Sequence[Distribution],
    own: set[str],
    laid: Mapping[str, tuple[Entry, str]],
) -> dict[str, int]:
    """Let the worker take out what an option names; return the bytes by package."""
    gone: dict[str, str] = {}
    options.lighten(root, (option,), found, own, gone)
    sums: dict[str, int] = {}
    for file in gone:
        entry, name = laid[file]
        sums[name] = sums.get(name, 0) + entry.size
    return sums


def _records(
    root: Path,
    present: set[str],
    laid: Mapping[str, tuple[Entry, str]],
    lost: Mapping[str, set[str]],
) -> dict[str, Entry]:
    """Return the RECORD files as the layer has them: the worker lists what is there.

    uv writes where files are, and adds those that the wheel has and does not list.
    """
    mine: dict[str, dict[str, int]] = {}
    for file, (entry, name) in laid.items():
        mine.setdefault(name, {})[file] = entry.size
    found = {}
    for info in root.glob("*.dist-info"):
        file = f"{info.name}/RECORD"
        if file not in present:
            continue
        name = laid[file][1]
        rows = distributions.rows_of((root / file).read_bytes().decode("utf-8", "replace"))
        for row in rows:
            row[0] = installed_at(row[0], name) or row[0]
        rows = [row for row in rows if row[0] not in lost.get(name, ())]
        listed = {row[0] for row in rows}
        rows += [[each, "", str(size)] for each, size in mine[name].items() if each not in listed]
        text = distributions.record_of_present(distributions.as_record(rows), present).encode()
        found[file] = Entry(len(text), deflated(text))
    return {**found, **_records_inside(root, present)}


def _records_inside(root: Path, present: set[str]) -> dict[str, Entry]:
    """Return the RECORD files of distributions that others have inside, such as setuptools."""
    found = {}
    for file in present:
        place = posixpath.dirname(posixpath.dirname(file))
        if not place or not file.endswith(RECORD):
            continue
        text = (root / file).read_bytes().decode("utf-8", "replace")
        listed = distributions.record_paths(text)
        there = {row for row in listed if posixpath.normpath(f"{place}/{row}") in present}
        kept = distributions.record_of_present(text, there).encode()
        found[file] = Entry(len(kept), deflated(kept))
    return found
