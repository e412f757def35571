"""The text of requirements files, decoded and with its lines joined as pip does it.

uv reads byte order marks, but no encoding that PEP 263 names, and it does not join lines inside of
a requirement; so it is given what pip would make of the files.
"""

from __future__ import annotations

import codecs
import re
from pathlib import Path
from typing import Iterable

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


def rewrite(files: Iterable[Path]) -> None:
    """Write requirements files, and those that they name, anew: UTF-8, with lines joined."""
    waiting, seen = list(files), set()
    while waiting:
        file = waiting.pop()
        if file in seen or not file.is_file():
            continue  # what is not there is named by uv
        seen.add(file)
        try:
            text = joined(decode(file.read_bytes()))
        except ValueError:
            continue  # the plan refuses it, and so does uv
        file.write_text(text, encoding="utf-8")
        found = (NESTED.match(line.strip()) for line in text.splitlines())
        waiting += [file.parent / nested[1] for nested in found if nested]
