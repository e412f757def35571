"""Poetry's way to write dependencies, as PEP 508 requirements.

(Poetry's documentation, "Dependency specification".)
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from packaging.markers import InvalidMarker, Marker
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from builder.spec.toml_keys import table_in

TERM = re.compile(r"(\^|~=|~|===?|!=|<=?|>=?|=)?\s*([\w.*+!-]+)")
ANY = ("", "*")


class PoetryError(ValueError):
    """A dependency that no requirement can say; the text names it."""


@dataclass
class Translated:
    """Dependencies as requirements: always needed, and those of each extra.

    ``paths`` has the folder or file of those that are the project's own, seen from the
    pyproject.toml; ``python`` is requires-python, or "".
    """

    lines: list[str] = field(default_factory=list)
    extras: dict[str, list[str]] = field(default_factory=dict)
    paths: dict[str, str] = field(default_factory=dict)
    python: str = ""


def translate(pyproject: Mapping[str, Any]) -> Translated:
    """Return what [project] and [tool.poetry] ask for; raise PoetryError for what is not sayable.

    What [project] lists goes before; [tool.poetry.dependencies] then only says where it is from.
    """
    try:
        return _translated(pyproject)
    except PoetryError:
        raise
    except (ValueError, TypeError, AttributeError, OverflowError) as error:
        raise PoetryError(f"a value of another type: {error}") from error


def _translated(pyproject: Mapping[str, Any]) -> Translated:
    project, poetry = table_in(pyproject, "project"), table_in(pyproject, "tool", "poetry")
    found = Translated(python=str(project.get("requires-python", "")))
    by_name: dict[str, list[str]] = {}
    for name, value in table_in(poetry, "dependencies").items():
        if name.lower() == "python":
            found.python = found.python or _requires_python(value)
            continue
        entries = value if isinstance(value, list) else [value]
        tables = [entry if isinstance(entry, dict) else {"version": entry} for entry in entries]
        for table in tables:
            if "path" in table:
                found.paths[name] = str(table["path"])
        lines = [_line(name, table) for table in tables]
        by_name.setdefault(canonicalize_name(name), []).extend(lines)
        if "dependencies" not in project and not any(t.get("optional") for t in tables):
            found.lines += lines
    found.lines += [_from(line, by_name) for line in project.get("dependencies", ())]
    for extra, names in table_in(poetry, "extras").items():
        found.extras[extra] = [
            line for name in names for line in by_name.get(canonicalize_name(name), [])
        ]
    found.extras.update(
        {
            extra: [_from(line, by_name) for line in lines]
            for extra, lines in project.get("optional-dependencies", {}).items()
        }
    )
    return found


def specifier(constraint: str) -> str:
    """Return a constraint such as ``^1.2`` as PEP 440 specifiers, "" for any version."""
    if "|" in constraint:
        raise PoetryError(f"{constraint!r} has alternatives")
    terms: list[str] = []
    rest = constraint.strip()
    while rest:
        found = TERM.match(rest)
        if not found:
            raise PoetryError(f"{constraint!r} is no constraint")
        terms += _term(found[1] or "", found[2])
        rest = rest[found.end() :].lstrip(" ,")
    text = ",".join(terms)
    try:
        SpecifierSet(text)
    except InvalidSpecifier as error:
        raise PoetryError(f"{constraint!r}: {error}") from error
    return text


def _term(operator: str, version: str) -> list[str]:
    if version in ANY:
        return []
    if operator in ("^", "~"):
        return [f">={version}", f"<{_next(operator, version)}"]
    return [f"{operator if operator not in ('', '=') else '=='}{version}"]


def _next(operator: str, version: str) -> str:
    """Return the first version that a caret or a tilde no longer allows."""
    try:
        release = Version(version).release
    except InvalidVersion as error:
        raise PoetryError(str(error)) from error
    if operator == "~":
        place = min(1, len(release) - 1)
    else:
        place = next((i for i, part in enumerate(release) if part), len(release) - 1)
    return ".".join(str(part) for part in (*release[:place], release[place] + 1))


def _line(name: str, table: Mapping[str, Any]) -> str:
    extras = f"[{','.join(table['extras'])}]" if table.get("extras") else ""
    marker = _marker(name, table)
    try:
        return str(Requirement(f"{name}{extras}{_where(name, table)}{marker}"))
    except InvalidRequirement as error:
        raise PoetryError(f"{name}: {error}") from error


def _where(name: str, table: Mapping[str, Any]) -> str:
    if "git" in table:
        revision = next((str(table[k]) for k in ("rev", "tag", "branch") if k in table), "")
        url = re.sub(r"^(?:ssh://)?([\w.-]+@[\w.-]+):(?!\d)", r"ssh://\1/", str(table["git"]))
        folder = f"#subdirectory={table['subdirectory']}" if table.get("subdirectory") else ""
        return f" @ git+{url}" + (f"@{revision}" if revision else "") + folder
    if "url" in table:
        return f" @ {table['url']}"
    if "path" in table:
        return ""
    try:
        return specifier(str(table.get("version", "*")))
    except PoetryError as error:
        raise PoetryError(f"{name}: {error}") from error


def _marker(name: str, table: Mapping[str, Any]) -> str:
    parts = [f"({table['markers']})"] if table.get("markers") else []
    if table.get("platform"):
        parts.append(f'sys_platform == "{table["platform"]}"')
    if table.get("python"):
        parts.append(f"({_python_marker(str(table['python']))})")
    parts = [part for part in parts if part != "()"]
    try:
        return f" ; {Marker(' and '.join(parts))}" if parts else ""
    except InvalidMarker as error:
        raise PoetryError(f"{name}: {error}") from error


def _python_marker(constraint: str) -> str:
    """Return the marker for Python versions; it can have alternatives."""
    several = []
    for alternative in re.split(r"\|\|?", constraint):
        terms = [term for term in specifier(alternative).split(",") if term]
        split = [re.match(r"([<>=!~]+)(.+)", term) for term in terms]
        several.append(" and ".join(f'python_full_version {m[1]} "{m[2]}"' for m in split if m))
    return "" if "" in several else " or ".join(several)


def _requires_python(value: Any) -> str:
    text = str(value)
    return "" if "|" in text else specifier(text)


def _from(line: str, by_name: Mapping[str, list[str]]) -> str:
    """Return a line of [project], from the URL that [tool.poetry.dependencies] has for it."""
    try:
        wanted = Requirement(line)
    except InvalidRequirement as error:
        raise PoetryError(f"{line!r}: {error}") from error
    for other in map(Requirement, by_name.get(canonicalize_name(wanted.name), [])):
        if other.url and not wanted.url:
            wanted.url, wanted.specifier = other.url, SpecifierSet()
    return str(wanted)
