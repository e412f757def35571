"""gitignore's patterns, as regular expressions.

The rules are those of gitignore(5): the last pattern that matches decides, ``!`` takes a path back
in unless a folder above it is excluded, a slash that is not at the end anchors the pattern, ``*``
and ``?`` stop at slashes and ``**`` does not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Iterable, Pattern


@dataclass(frozen=True)
class Rule:
    """One pattern."""

    regex: Pattern[str]
    excludes: bool
    folders_only: bool


class Ignore:
    """Decides which paths a list of patterns excludes."""

    def __init__(self, patterns: Iterable[str]) -> None:
        self._rules = [rule for rule in map(parse, patterns) if rule]
        self._folder_is_excluded = lru_cache(maxsize=None)(self._decide_folder)

    def excludes(self, path: str) -> bool:
        """Whether the file at a path like ``numpy/tests/test_a.py`` is left out."""
        if not self._rules:
            return False
        parent = path.rpartition("/")[0]
        if parent and self._folder_is_excluded(parent):
            return True
        return self._last_match(path, folder=False)

    def _decide_folder(self, path: str) -> bool:
        parent = path.rpartition("/")[0]
        if parent and self._folder_is_excluded(parent):
            return True
        return self._last_match(path, folder=True)

    def _last_match(self, path: str, *, folder: bool) -> bool:
        for rule in reversed(self._rules):
            if (folder or not rule.folders_only) and rule.regex.fullmatch(path):
                return rule.excludes
        return False


def parse(line: str) -> Rule | None:
    """Translate one pattern; return None for comments and blank lines."""
    whole = line.rstrip("\r\n")
    text = whole.rstrip(" ")
    if text.endswith("\\") and text != whole:
        text += " "  # a space behind a backslash is one of the name
    if not text or text.startswith("#"):
        return None
    excludes = not text.startswith("!")
    if not excludes:
        text = text[1:]
    folders_only = text.endswith("/")
    text = text.rstrip("/") if folders_only else text
    if not text:
        return None
    anchored = "/" in text
    body = _translate(text.lstrip("/"))
    if body is None:
        return None
    prefix = "" if anchored else "(?:.*/)?"
    return Rule(re.compile(prefix + body, re.DOTALL), excludes, folders_only)


def _translate(text: str) -> str | None:
    """Return the regular expression of a pattern, or None when it can match nothing."""
    out = []
    at = 0
    while at < len(text):
        stars = re.compile(r"(?:(?<=/)|(?<!.))\*\*+(?:/|$)").match(text, at)
        if stars:
            whole_rest = stars.end() == len(text) and not stars.group().endswith("/")
            out.append(".*" if whole_rest else "(?:.*/)?")
            at = stars.end()
            continue
        if text[at] == "[":
            found = _character_class(text, at)
            if found is None:
                return None
            piece, at = found
            out.append(piece)
            continue
        if text[at] == "\\":
            at += 1
            if at == len(text):
                return None
            out.append(re.escape(text[at]))
        else:
            out.append({"*": "[^/]*", "?": "[^/]"}.get(text[at]) or re.escape(text[at]))
        at += 1
    return "".join(out)


POSIX = {
    "alnum": "a-zA-Z0-9",
    "alpha": "a-zA-Z",
    "digit": "0-9",
    "lower": "a-z",
    "upper": "A-Z",
    "space": r"\s",
    "punct": r"!-/:-@\[-`{-~",
    "xdigit": "0-9a-fA-F",
}


def _character_class(text: str, start: int) -> tuple[str, int] | None:
    """Translate ``[...]``; return the expression and where it ends, or None when it never does."""
    at = start + 1
    negated = text[at : at + 1] in ("!", "^")
    at += negated
    members: list[str] = []
    last = ""  # what a range may begin with
    first = True
    while at < len(text) and (text[at] != "]" or first):
        first = False
        posix = re.compile(r"\[:(\w+):\]").match(text, at)
        if posix:
            members.append(POSIX.get(posix[1], ""))
            at, last = posix.end(), ""
            continue
        is_range = text[at] == "-" and last and text[at + 1 : at + 2] not in ("", "]")
        at += bool(is_range)
        at += text[at] == "\\" and at + 1 < len(text)
        if not is_range:
            members.append(re.escape(text[at]))
        elif last <= text[at]:  # of a range that runs backwards, git knows the beginning alone
            members.append(f"{re.escape(last)}-{re.escape(text[at])}")
        last = "" if is_range else text[at]
        at += 1
    if at >= len(text):
        return None
    # A slash is matched by slashes of the pattern only (fnmatch(3), FNM_PATHNAME).
    expression = f"(?!/)[{'^' if negated else ''}{''.join(members)}]"
    try:
        re.compile(expression)
    except re.error:
        return None
    return expression, at + 1
