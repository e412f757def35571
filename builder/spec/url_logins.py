"""Passwords in URLs: what is bundled must not have any."""

from __future__ import annotations

import re

LITERAL = re.compile(
    r"(?P<scheme>\b[a-z][a-z0-9+]{0,60})://(?P<user>[^/@\s:'\"]*)(?::(?P<password>[^/@\s'\"]*))?@"
    r"(?P<host>[^/\s'\"#?;]+)",
    re.IGNORECASE,
)
QUERY = re.compile(
    r"\b[a-z][a-z0-9+]{0,60}://(?:[^/@\s'\"]*@)?(?P<host>[^/\s'\"#?;@]+)(?:(?!://)[^\s'\"?])*\?"
    r"(?P<query>[^\s'\"]*)",
    re.IGNORECASE,
)
KEY = re.compile(
    r".*(?:token|passw(?:or)?d|secret|api[-_]?key|access[-_]?key|signature|credential).*"
    r"|auth|key|sig|pwd",
    re.IGNORECASE,
)
"""What stands before a secret in the query of a URL."""

PAIR = re.compile(r"(?:^|[&;])(?P<key>[\w.-]+)=(?P<value>[^&;#]*)")

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
            named = found["user"] == "git" or "http" not in found["scheme"].lower()
            secret = "" if named else found["user"]
        else:
            secret = password
        if not REFERENCE.fullmatch(secret):
            return found["host"]
    for found in QUERY.finditer(text):
        values = (
            pair["value"] for pair in PAIR.finditer(found["query"]) if KEY.fullmatch(pair["key"])
        )
        if not all(REFERENCE.fullmatch(value) for value in values):
            return found["host"]
    return None


def variable_in(text: str) -> str | None:
    """Return the first variable that a line names outside of a URL's login, such as ``${HOME}``.

    pip and uv put the value of the build's environment in its place, and say it in messages.
    """
    rest = LITERAL.sub(lambda found: f"{found['scheme']}://{found['host']}", text)
    found = re.search(r"\$\{\w+\}", rest)
    return found[0] if found else None
