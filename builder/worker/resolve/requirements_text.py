"""The text of requirements files, decoded and with its lines joined as pip does it.

uv reads byte order marks, but no encoding that PEP 263 names, and it does not join lines inside of
a requirement; so it is given what pip would make of the files.
"""

from __future__ import annotations

import codecs
import os
import re
from pathlib import Path
from typing import Callable, Iterable, Iterator, Sequence

MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
CODING = re.compile(rb"#.*coding[:=]\s*([-\w.]+)")
"""How PEP 263 names an encoding in one of the first two lines; pip reads it, too."""

NESTED = re.compile(r"(?:-[rc]|--requirement|--constraint)(?:\s+|=)?([^-=\s]\S*)")


def decode(content: bytes) -> str:
    """Return the text of a requirements file; raise ValueError when it cannot be decoded."""
    for mark, encoding in MARKS:
        if content.startswith(mark):
            return content[len(mark) :].decode(encoding)
    for line in content.split(b"\n")[:2]:
        named = CODING.match(line)
        if named:
            try:
                return content.decode(named[1].decode("ascii"))
            except LookupError as error:
                raise ValueError(str(error)) from error
    if b"\0" in content:
        raise ValueError("it has NUL bytes, as UTF-16 without a byte order mark")
    return content.decode("utf-8")


def joined(text: str) -> str:
    """Return the text with continued lines as one: nothing comes in the backslash's place."""
    return re.sub(r"\\\r?\n", "", text)


def _as_written(file: Path) -> str:
    return file.read_text("utf-8", "replace")


def texts(
    files: Iterable[Path], read: Callable[[Path], str] = _as_written
) -> Iterator[tuple[Path, str]]:
    """Yield requirements files, and those that they name, each once, with lines joined.

    What is not there is left to uv, and so is what ``read`` raises ValueError for.
    """
    waiting, seen = list(files), set()
    while waiting:
        file = waiting.pop(0)
        # Unlike Path.is_file it raises nothing for what can be no path.
        if not os.path.isfile(file):  # noqa: PTH113
            continue
        # By what it really is: files that name each other by ways of `..` have no end of names.
        place = os.path.realpath(file)
        if place in seen:
            continue
        seen.add(place)
        try:
            text = joined(read(file))
        except ValueError:
            continue  # the plan refuses it, and so does uv
        yield file, text
        found = (NESTED.match(line.strip()) for line in text.splitlines())
        waiting += [file.parent / nested[1] for nested in found if nested]


def rewrite(files: Iterable[Path]) -> None:
    """Write requirements files, and those that they name, anew: UTF-8, with lines joined."""
    for file, text in texts(files, lambda file: decode(file.read_bytes())):
        file.write_text(text, encoding="utf-8")


FOLDER = re.compile(
    r"(?P<path>(?:file:)?[\w./+-]+)(?P<extras>(?:\[[\w ,.-]*\])?)\s*(?P<rest>(?:[;#].*)?)"
)
"""A line that names a folder, and not what is in it; extras and a marker may follow."""


def name_folder(files: Iterable[Path], project: Path, folder: Path, name: str) -> None:
    """Write a name before each path of a folder, as ``name @ path``; paths are from the project.

    uv builds no folder to find out its name where it is to take wheels alone.
    """
    for file, text in texts(files):
        lines = text.split("\n")
        named = [_with_name(line, project, folder, name) for line in lines]
        if named != lines:
            file.write_text("\n".join(named), encoding="utf-8")


def _with_name(line: str, project: Path, folder: Path, name: str) -> str:
    found = FOLDER.fullmatch(line.strip())
    if found is None or found["path"].startswith("-"):
        return line
    path = found["path"].replace("file:", "", 1)
    if os.path.realpath(project / path) != os.path.realpath(folder):
        return line
    place = path if path.startswith(("/", "./", "../")) else f"./{path}"
    return f"{name}{found['extras']} @ {place} {found['rest']}".rstrip()


OPTION = re.compile(r"(-i|--index-url|--extra-index-url|--no-index|-f|--find-links)(?=[\s=]|$).*")


def options(files: Iterable[Path]) -> list[tuple[str, str]]:
    """Return the lines of requirements files, and of those that they name, that say where to look.

    Each as it is written, and with its folder, if it has one, as seen from its own file.
    """
    return [
        (line, _from(file.parent, line)) for file, line in _lines(files) if OPTION.fullmatch(line)
    ]


def says(files: Iterable[Path], option: str) -> bool:
    """Whether requirements files, or those that they name, have an option."""
    return any(line.startswith(option) for _, line in _lines(files))


def has_extra_index(files: Sequence[Path]) -> bool:
    """Whether requirements files name an extra index beside the one in the default one's place."""
    default = says(files, "--index-url") or says(files, "-i")
    return default and says(files, "--extra-index-url")


def _lines(files: Iterable[Path]) -> Iterator[tuple[Path, str]]:
    """Yield the lines of requirements files, and of those that they name, with their files."""
    for file, text in texts(files):
        for line in text.splitlines():
            yield file, line.strip()


def _from(folder: Path, option: str) -> str:
    name, _, value = option.replace("=", " ", 1).partition(" ")
    is_folder = name in ("-f", "--find-links") and value and "://" not in value
    place = folder / value.strip()
    return f"{name} {place.resolve()}" if is_folder and place.exists() else option
