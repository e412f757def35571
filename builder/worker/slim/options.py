"""Lightening: parts of dependencies that nothing reads at run time go, option by option.

What goes is chosen so that imports stay whole: whatever another file of the layer names stays, and
the project's own distributions are never touched (they have ``exclude``).
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Collection, Dict, Iterable, Iterator, List, Sequence

from ..contents.distributions import Distribution
from ..contents.files import names
from . import strip

BOTO = {"boto3", "botocore", "s3transfer"}
SYMBOLS = "symbols"
TEST_FOLDERS = {"tests", "test"}
DOC_FOLDERS = {"docs", "doc"}
DOC_SUFFIXES = {".rst", ".md", ".txt", ".html", ".css", ".js", ".png", ".svg", ".pdf", ".ipynb"}
CODE_SUFFIXES = (".py", ".pyc", ".so")

INFO_KEPT = {"METADATA", "RECORD", "entry_points.txt", "top_level.txt", "namespace_packages.txt",
             "pbr.json"}  # fmt: skip
"""What importlib.metadata, entry points and pbr read of a dist-info."""
LICENCE = re.compile(r"(licen[cs]e|copying|notice|authors|copyright|patents)", re.IGNORECASE)

NAMED = re.compile(rb"\b(?:tests?|docs?)\b")
IMPORT = re.compile(rb"from[ \t]+([.\w]+)[ \t]+import[ \t]*")
FROM_WITHIN = re.compile(rb"(?:from|import)[ \t]+([.\w]*\b(?:tests?|docs?)\b)")
SLASH = re.compile("/")
WORDLIKE = re.compile(rb"\w")
QUOTED = re.compile(rb"""["'/]\.?(tests?|docs?)["'/.]""")

READING = (b".pyi", b"attach_stub", b"'pyi'", b'"pyi"')
"""What a module says that reads stubs at run time: its own, or by way of lazy_loader."""

Files = Dict[str, List[str]]


def may_read_stubs(data: bytes) -> bool:
    """Whether a module says that it reads stubs when it is imported or later."""
    # Two searches settle nearly all files; every word of READING has one of them in it.
    return (b"pyi" in data or b"attach_stub" in data) and any(word in data for word in READING)


@dataclass(frozen=True)
class Saved:
    """What one option saved."""

    what: str
    files: int
    size: int


def lighten(
    root: Path,
    options: Collection[str],
    found: Sequence[Distribution],
    own: Collection[str],
    left_out: dict[str, str] | None = None,
) -> tuple[Saved, ...]:
    """Remove what the options name from the dependencies below ``root``; say what that saved.

    ``left_out`` gets the files that go, each with its option.
    """
    saved = []
    gone = {} if left_out is None else left_out
    present = names(root)
    for option, choose in CHOICES.items():
        if option not in options:
            continue
        files = {d.name: [f for f in d.files if f in present] for d in found}
        infos = {d.name: d.info for d in found if d.name not in own}
        # Several distributions may list one file: it goes once, and not if the project has it too.
        kept = {f for d in found if d.name in own for f in d.files}
        doomed = [f for f in dict.fromkeys(choose(root, files, infos)) if f not in kept]
        saved.append(Saved(option, len(doomed), _remove(root, doomed)))
        gone.update(dict.fromkeys(doomed, f"slim = {option}"))
        present.difference_update(doomed)
    if SYMBOLS in options:
        files = {d.name: [f for f in d.files if f in present] for d in found}
        count, size = strip.strip(root, files, {d.name: d.info for d in found})
        saved.append(Saved(SYMBOLS, count, size))
    return tuple(saved)


def total(of_targets: Iterable[Sequence[Saved]]) -> tuple[Saved, ...]:
    """Return what each option saved for all targets together."""
    sums: dict[str, tuple[int, int]] = {}
    for saved in of_targets:
        for part in saved:
            files, size = sums.get(part.what, (0, 0))
            sums[part.what] = (files + part.files, size + part.size)
    return tuple(Saved(what, *both) for what, both in sorted(sums.items()))


def _boto(root: Path, files: Files, infos: dict[str, str]) -> list[str]:
    return [file for name in sorted(BOTO & set(infos)) for file in files[name]]


def _tests(root: Path, files: Files, infos: dict[str, str]) -> list[str]:
    return _folders(root, files, infos, TEST_FOLDERS, lambda inside: True)


def _docs(root: Path, files: Files, infos: dict[str, str]) -> list[str]:
    def is_text(inside: Sequence[str]) -> bool:
        return all(Path(file).suffix in DOC_SUFFIXES for file in inside)

    return _folders(root, files, infos, DOC_FOLDERS, is_text)


def _stubs(root: Path, files: Files, infos: dict[str, str]) -> list[str]:
    doomed = []
    readers = _readers_of_stubs(root, files)
    for name in infos:
        beside = {file.rsplit("/", 1)[0] + "/" + _stem(file) for file in files[name]
                  if file.endswith(CODE_SUFFIXES)}  # fmt: skip
        for file in files[name]:
            if not file.endswith(".pyi") or "/" not in file:
                continue
            folder = file.rsplit("/", 1)[0]
            top = file.split("/", 1)[0]
            # Type checkers bring stubs of other packages as their data; those have no module
            # beside them. Lazy loaders read the stubs of their own package.
            is_twin = f"{folder}/{_stem(file)}" in beside and top not in readers
            if is_twin or top.endswith("-stubs"):
                doomed.append(file)
    return doomed


def _metadata(root: Path, files: Files, infos: dict[str, str]) -> list[str]:
    doomed = []
    for name, info in infos.items():
        for file in files[name]:
            rest = file[len(info) + 1 :]
            if file.startswith(info + "/") and rest not in INFO_KEPT and not LICENCE.match(rest):
                doomed.append(file)
    return doomed


CHOICES: dict[str, Callable[[Path, Files, dict[str, str]], list[str]]] = {
    "boto": _boto,
    "tests": _tests,
    "docs": _docs,
    "stubs": _stubs,
    "metadata": _metadata,
}


def _folders(
    root: Path,
    files: Files,
    infos: dict[str, str],
    names: Collection[str],
    fits: Callable[[Sequence[str]], bool],
) -> list[str]:
    """Return the files in folders of these names, less the folders that something else names."""
    inside: dict[str, list[str]] = {}
    outside: list[str] = []
    for distribution, own_files in files.items():
        for file in own_files:
            folder = _folder(file, names)
            if folder and distribution in infos and ".dist-info/" not in file:
                inside.setdefault(folder, []).append(file)
            else:
                outside.append(file)
    with_data = {f for f, own in inside.items() if not all(n.endswith(CODE_SUFFIXES) for n in own)}
    named = _named(root, outside, set(inside), with_data) if inside else set()
    return [
        file
        for folder, own_files in inside.items()
        if folder not in named and fits(own_files)
        for file in own_files
    ]


def _folder(file: str, names: Collection[str]) -> str:
    """Return the folder of one of these names that holds the file, if it is inside a package."""
    folders = file.split("/")[:-1]
    for index, part in enumerate(folders):
        if index and part in names:
            return "/".join(folders[: index + 1])
    return ""


def _named(root: Path, files: Iterable[str], folders: set[str], with_data: set[str]) -> set[str]:
    """Return the folders that a file outside of them imports or names."""
    found: set[str] = set()
    dotted = {folder.replace("/", ".").encode(): folder for folder in folders}
    words = {name.rpartition(b".")[2] for name in dotted}
    sizes = set(map(len, dotted))
    longest = max(sizes, default=0)
    for file in files:
        if not file.endswith((".py", ".so")) or file.rsplit("/", 1)[-1] == "conftest.py":
            continue
        data = (root / file).read_bytes()
        has_word = False
        for start, word in _occurrences(data, words):
            end = start + len(word)
            if data[start - 1 : start] == b".":
                before = (data[max(0, end - size) : end] for size in sizes)
                found |= {dotted[name] for name in before if name in dotted}
            around = data[max(0, start - 1) : start] + data[end : end + 1]
            has_word = has_word or not WORDLIKE.search(around)
        if has_word and file.endswith(".py"):
            quoted = {word.decode() for word in QUOTED.findall(data)}
            found |= _named_by(file, data, quoted, longest) & folders
            found |= _quoted_above(file, quoted) & with_data
    return found


def _occurrences(data: bytes, words: Collection[bytes]) -> Iterator[tuple[int, bytes]]:
    """Yield where each word occurs, also in longer ones: by plain searches, which are fast."""
    stems = [word for word in words if not any(o != word and word.startswith(o) for o in words)]
    for stem in stems:
        start = data.find(stem)
        while start >= 0:
            for word in words:
                if data.startswith(word, start):
                    yield start, word
            start = data.find(stem, start + 1)


def _named_by(file: str, data: bytes, quoted: Iterable[str], longest: int) -> set[str]:
    """Return the folders that a module may mean by its imports and by words in quotes.

    None has more than ``longest`` characters.
    """
    here = file.split("/")[:-1]
    found = set()
    for module, names_ in _imported(data):
        base = _resolve(here, module.decode())
        found |= {f"{base}/{word.decode()}" for word in set(NAMED.findall(names_))}
    for match in FROM_WITHIN.finditer(data):
        path = _resolve(here, match[1].decode())[: longest + 1]
        found |= {path[:at] for at in (*(s.start() for s in SLASH.finditer(path)), len(path))}
    return found | {"/".join([*here, word]) for word in quoted}


def _imported(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield from which modules a text imports, and what: to the bracket's or to the line's end."""
    at, closed = 0, True
    while found := IMPORT.search(data, at):
        start, end = found.end(), -1
        if closed and data.startswith(b"(", start):
            end = data.find(b")", start)
            closed = end >= 0
        if end < 0:
            end = data.find(b"\n", start)
        at = len(data) if end < 0 else end
        yield found[1], data[start:at]


def _quoted_above(file: str, quoted: Iterable[str]) -> set[str]:
    """Return the folders one level up that words in quotes may mean: paths of data to read."""
    above = file.split("/")[:-2]
    return {"/".join([*above, word]) for word in quoted}


def _resolve(here: Sequence[str], name: str) -> str:
    """Return the folder that a module's name in a ``from`` means, seen from a folder."""
    up = len(name) - len(name.lstrip("."))
    base = list(here[: len(here) - up + 1]) if up else []
    return "/".join([*base, *(part for part in name.split(".") if part)])


def _stem(file: str) -> str:
    return file.rsplit("/", 1)[-1].split(".", 1)[0]


def _readers_of_stubs(root: Path, files: Files) -> set[str]:
    """Return the packages with a module that may read stubs, when it is imported or later."""
    found: set[str] = set()
    stubs = (file for own_files in files.values() for file in own_files if file.endswith(".pyi"))
    with_stubs = {file.split("/", 1)[0] for file in stubs}
    for own_files in files.values():
        for file in own_files:
            top = file.split("/", 1)[0]
            if top in found or top not in with_stubs or not file.endswith(CODE_SUFFIXES):
                continue
            data = (root / file).read_bytes()
            if may_read_stubs(data):
                found.add(top)
    return found


def _remove(root: Path, doomed: Iterable[str]) -> int:
    """Remove files, and the folders that this leaves empty; return the files' size."""
    size = 0
    folders: set[str] = set()
    for file in doomed:
        path = f"{root}/{file}"
        size += os.lstat(path).st_size
        os.unlink(path)  # noqa: PTH108 - fast, for thousands of files
        folders.add(path.rpartition("/")[0])
    for name in folders:
        folder = Path(name)
        while folder != root and folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
            folder = folder.parent
    return size
