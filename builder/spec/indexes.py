"""Private package indexes: where they are, and by which reference a build logs in.

No credential is ever a value here: a description travels through Terraform's state, the bundle and
the record. Sources of the facts:
- names of indexes and how uv takes credentials: uv's documentation, "Package indexes".
- references to secrets: AWS CodeBuild user guide, "Build specification reference",
  env/secrets-manager; what names of secrets are made of: AWS Secrets Manager API reference,
  CreateSecret.
- names of domains and repositories: AWS CodeArtifact API reference, CreateDomain and
  CreateRepository.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from builder.errors import SpecError

NAME = re.compile(r"[a-z][a-z0-9-]{0,62}")
SECRET = re.compile(
    r"(?P<id>arn:[a-z-]+:secretsmanager:[a-z0-9-]+:\d{12}:secret:[\w/+=.@-]+|[\w/+=.@-]{1,512})"
    r"(:(?P<key>[^:\s]+))?",
    re.ASCII,
)
DOMAIN = re.compile(r"[a-z][a-z0-9-]{0,48}[a-z0-9]")
REPOSITORY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,99}")
REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True)
class CodeArtifact:
    """A repository of AWS CodeArtifact; ``region`` is empty for the build's own."""

    domain: str
    owner: str
    repository: str
    region: str = ""

    def __str__(self) -> str:
        return "codeartifact " + "/".join(
            [*([self.region] if self.region else []), self.owner, self.domain, self.repository]
        )


@dataclass(frozen=True)
class Index:
    """One package index.

    It is at ``url``, or a repository of ``codeartifact``. ``secret`` is ``NAME-OR-ARN[:JSON-KEY]``
    of the password in Secrets Manager, which goes with ``username``. ``default`` replaces PyPI.

    Raises :class:`~builder.errors.SpecError` when a value cannot be right.
    """

    name: str
    url: str = ""
    username: str = ""
    secret: str = ""
    codeartifact: CodeArtifact | None = None
    default: bool = False

    def __post_init__(self) -> None:
        _check_name(self)
        if self.codeartifact is not None:
            _check_codeartifact(self, self.codeartifact)
        else:
            _check_url(self)
            _check_login(self)

    @property
    def address(self) -> str:
        """Where the index is, for people and for the fingerprint."""
        return str(self.codeartifact or self.url) + (" (default)" if self.default else "")

    @property
    def secret_id(self) -> str:
        """The name or ARN of the secret, without the key of the JSON in it."""
        found = SECRET.fullmatch(self.secret)
        return found["id"] if found else ""

    def describe(self) -> dict[str, Any]:
        """Return what the worker must know of it: nothing of how to log in with a secret."""
        if self.codeartifact is None:
            return {"url": self.url, "default": self.default}
        place = vars(self.codeartifact)
        return {"codeartifact": {k: v for k, v in place.items() if v}, "default": self.default}

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any]) -> Index:
        """Make one of its fields as JSON or TOML has them; raise TypeError for an unknown one."""
        place = fields.get("codeartifact")
        return cls(
            **{**fields, "codeartifact": CodeArtifact(**place) if isinstance(place, dict) else None}
        )


def usernames(indexes: Sequence[Index]) -> tuple[tuple[str, str], ...]:
    """Return the environment variables from which uv takes the users of a layer's indexes."""
    return _variables("USERNAME", [index.username for index in indexes])


def secrets(indexes: Sequence[Index]) -> tuple[tuple[str, str], ...]:
    """Return those of the passwords, with the references that CodeBuild resolves."""
    return _variables("PASSWORD", [index.secret for index in indexes])


def _variables(what: str, values: Sequence[str]) -> tuple[tuple[str, str], ...]:
    # uv derives their names from the index's. The worker names indexes by their place in the list,
    # so that a name in layers.toml has no influence on the artifact.
    return tuple(
        (f"UV_INDEX_LAYER_{place}_{what}", value)
        for place, value in enumerate(values, start=1)
        if value
    )


def _check_name(index: Index) -> None:
    if not NAME.fullmatch(index.name):
        raise _error(
            index,
            "name",
            f"{index.name!r} cannot name an index",
            "1 to 63 lower-case letters, digits and hyphens, a letter first",
        )


def _check_url(index: Index) -> None:
    try:
        parts = urlsplit(index.url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        parts, host = urlsplit(""), None
    if parts.scheme not in ("https", "http") or not host or re.search(r"[\s\"'\\]", index.url):
        raise _error(
            index,
            "url",
            f"{index.url!r} is not the URL of an index" if index.url else "the index has no URL",
            "the https URL of a PEP 503 index, or codeartifact = { domain, owner, repository }",
            'for example url = "https://packages.example.com/simple"',
        )
    if "@" in parts.netloc:
        raise _error(
            index,
            "url",
            "the URL has credentials in it",
            "a URL without user and password: they would end up in Terraform's state",
            'put the password into Secrets Manager, then set username = "..." and secret = "..."',
        )
    if parts.query or parts.fragment:
        raise _error(index, "url", "the URL has a query or a fragment", "a URL that is a folder")
    if index.secret and parts.scheme == "http" and host not in LOOPBACK:
        raise _error(index, "url", "the password would travel unencrypted", "an https URL")


def _check_login(index: Index) -> None:
    if bool(index.secret) != bool(index.username):
        missing = "secret" if index.username else "username"
        raise _error(
            index,
            missing,
            f"the index has a {'username' if index.username else 'secret'} and no {missing}",
            "both username and secret, or none",
            f'add {missing} = "..."',
        )
    if index.secret and not SECRET.fullmatch(index.secret):
        raise _error(
            index,
            "secret",
            "the secret is no reference to Secrets Manager",
            "the name or the ARN of a secret, and :KEY if its value is JSON",
            'for example secret = "pypi/ci:password"; never the password itself',
        )
    if re.search(r"[\s:@/]", index.username):
        raise _error(index, "username", f"{index.username!r} is no user name", "a plain user name")


def _check_codeartifact(index: Index, place: CodeArtifact) -> None:
    if index.url or index.secret or index.username:
        raise _error(
            index,
            "codeartifact",
            "the index has codeartifact and another address or login",
            "codeartifact alone: its address and a short-lived token follow from it",
            "remove url, username and secret",
        )
    for key, pattern, expected in (
        ("domain", DOMAIN, "a domain's name"),
        ("owner", re.compile(r"\d{12}"), "the twelve digits of the account that owns the domain"),
        ("repository", REPOSITORY, "a repository's name"),
        ("region", re.compile(f"({REGION.pattern})?"), "a region such as eu-west-1"),
    ):
        value = getattr(place, key)
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise _error(
                index, "codeartifact", f"{value!r} cannot be the {key} of CodeArtifact", expected
            )


def _error(index: Index, key: str, what: str, expected: str, fix: str = "") -> SpecError:
    where = f"[indexes.{index.name}]"
    fix = fix or f"change {key} in {where}"
    return SpecError(what, key=key, where=where, expected=expected, fix=fix)
