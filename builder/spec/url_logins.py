"""Passwords in URLs: what is bundled must not have any."""

from __future__ import annotations

import re

LITERAL = re.compile(
    r"(?P<scheme>\b[a-z][a-z0-9+]*)://(?P<user>[^/@\s:'\"]*)(?::(?P<password>[^/@\s'\"]*))?@"
    r"(?P<host>[^/\s'\"#?;]+)"
)
REFERENCE = re.compile(r"(\$\{\w+\})*")
"""Variables as pip and uv expand them in requirements files: no values."""


def login_in(text: str) -> str | None:
    """Return the host of the first URL that carries a password or a token, or None.

    A user alone may be a token over http; over ssh, or if it is git, it is how repositories are
    named.
    """
    for found in LITERAL.finditer(text):
        password = found["password"]
        if password is None:
            named = found["user"] == "git" or "http" not in found["scheme"]
            secret = "" if named else found["user"]
        else:
            secret = password
        if not REFERENCE.fullmatch(secret):
            return found["host"]
    return None
