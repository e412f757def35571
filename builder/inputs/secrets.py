"""Files of the sources that hold secrets by their names: never bundled without being asked for."""

from __future__ import annotations

import re

SECRET = re.compile(
    r"""
    (?:.*/)?
    (?:
        \.env | \.env\.(?!example$|sample$|template$|dist$|defaults$)[^/]+ | \.envrc
      | \.netrc | _netrc | \.pypirc | \.git-credentials | \.npmrc | \.yarnrc\.yml
      | \.pgpass | \.htpasswd | \.my\.cnf | \.dockercfg | \.docker/config\.json | \.boto | \.s3cfg
      | id_(?:rsa|dsa|ecdsa|ed25519)(?:_sk)? | [^/]+\.(?:ppk|p12|pfx|jks|keystore|kdbx)
      | credentials | credentials\.(?:json|ya?ml|toml|ini|csv)
      | (?:client_secrets?|service[-_]account|secrets?)(?:[-_.][^/]*)?\.json
      | secrets?\.(?:ya?ml|toml|ini|env)
      | \.aws/.* | \.ssh/.* | \.gnupg/.*
    )
    """,
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
"""Names that programs keep passwords, tokens and private keys under, each by that program's
documentation; the rest are names that people give to such files."""

PRIVATE_KEY = re.compile(rb"\A\s*-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----")
"""How files begin that are private keys (RFC 7468, sections 10 and 11; RFC 4716; RFC 9580)."""


def is_secret(path: str) -> bool:
    """Whether a file holds secrets by its name; ``path`` is relative to the package."""
    return SECRET.fullmatch(path) is not None
