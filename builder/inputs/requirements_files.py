"""Which files of the project a requirements file names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote

from builder.worker.resolve.requirements_text import joined

DISTRIBUTIONS = (".whl", ".tar.gz", ".zip")
"""How files end that pip and uv install as they are."""

VERSION = re.compile(r"\d[\w.!+]*")


@dataclass(frozen=True)
class Reference:
    """A path that a line names.

    pip and uv look for packages (``./lib``, ``-e .``) from where they run, which is the project's
    root; files with ``-r`` and ``-c`` from the folder of the file that names them (``beside``); and
    ``--find-links`` (``links``) from that folder, or if it is not there from where they run.
    ``frozen`` is the distribution's name in ``name @ file:///...``, as ``pip freeze`` writes it.
    """

    path: str
    beside: bool = False
    links: bool = False
    frozen: str = ""

    @property
    def version(self) -> str:
        """The version in the name of a wheel or an sdist, or ""."""
        name = self.path.rpartition("/")[2]
        ending = next((end for end in DISTRIBUTIONS if name.endswith(end)), "")
        words = name.removesuffix(ending).split("-")
        # Behind a wheel's version stand its tags, behind an sdist's nothing.
        candidates = words[1:-1] if ending == ".whl" else words[1:][-1:]
        found = (word for word in candidates if ending and VERSION.fullmatch(word))
        return next(found, "")


def requirement_references(text: str) -> list[Reference]:
    """Return the files and local projects that a requirements file names, as it names them."""
    lines = (re.sub(r"(^|\s)#.*$", "", line).strip() for line in joined(text).splitlines())
    return [reference for line in lines if (reference := _reference(line))]


def _reference(line: str) -> Reference | None:
    option = re.match(
        r"(-[rcf]|--requirement|--constraint|--find-links)(?:\s+|=)?([^-=\s]\S*)", line
    )
    if option:
        path = _path(option[2])
        links = option[1] in ("-f", "--find-links")
        return Reference(path, beside=not links, links=links) if path else None
    local = _local(line)
    named = re.match(r"([\w.-]+)\s*(?:\[[^]]*\]\s*)?@\s*file:///", line)
    return Reference(local, frozen=named[1] if named else "") if local else None


def _local(line: str) -> str | None:
    """Return the package of the project that a line names, or None."""
    editable = re.match(r"(?:-e|--editable)(?:\s+|=)(\S+)", line)
    if editable:
        return _path(editable[1])
    if line.startswith("-"):
        return None
    named = re.match(r"[\w.-]+\s*(?:\[[^]]*\]\s*)?@\s*(\S+)", line)
    path = _path(named[1] if named else line)
    looks_like_one = path and (
        named or "/" in path or path.startswith(".") or path.endswith(DISTRIBUTIONS)
    )
    return path if looks_like_one else None


def _path(text: str) -> str | None:
    """Return the path that a word of a requirements file is, without extras; None for a URL."""
    path = re.sub(r"\[[^][]*\]$", "", re.split(r"[\s;#]", text, maxsplit=1)[0])
    if path.startswith("file:"):
        return unquote(path.removeprefix("file:").removeprefix("//"))
    return None if "://" in path else path
