"""What builds may do to log in to package indexes, as an expression over a layer's indexes.

The statements are those of the constructs, asked about an index of each kind.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from builder.spec.indexes import SECRET, CodeArtifact, Index
from builder.spec.layer_spec import LayerSpec
from hcl.syntax import Raw, expression, indented
from modules.layer.index_access import logins

PLACE = {name: f"${{local.build_place.{name}}}" for name in ("partition", "region", "account")}
URL = "https://packages.example.com"
SECRET_ARN = "arn:aws:secretsmanager:eu-west-1:000000000000:secret:any"  # noqa: S105 - a name


@dataclass(frozen=True)
class _Kind:
    """Indexes of one kind: how they are found, an example, and what stands for its names."""

    source: str
    only: str
    example: Index
    names: Mapping[str, str]


# Terraform takes named groups or unnamed ones, not both ("regex" Function).
_PATTERN = expression(f"^(?:{re.sub(r'[(](?![?])', '(?:', SECRET.pattern)})$")
_ID = f"id in regexall({_PATTERN}, index.secret)[*].id"

_KINDS = (
    _Kind(
        _ID, ' if startswith(id, "arn:")', Index("any", URL, "any", SECRET_ARN), {SECRET_ARN: "id"}
    ),
    _Kind(
        _ID,
        ' if !startswith(id, "arn:")',
        Index("any", URL, "any", "anysecret"),
        {"anysecret": "id"},
    ),
    _Kind(
        "place in index.codeartifact[*]",
        "",
        Index("any", codeartifact=CodeArtifact("anydomain", "0" * 12, "anywhat", "zz-any-1")),
        {
            "anydomain": "place.domain",
            "0" * 12: "place.owner",
            "anywhat": "place.repository",
            "zz-any-1": "coalesce(place.region, local.build_place.region)",
        },
    ),
)


def statements() -> Raw:
    """Return the expression of a layer's statements as JSON, each once; it sees ``layer``."""
    lists = ",\n".join(_list(kind, text) for kind in _KINDS for text in _of(kind))
    inner = f"concat(\n{indented(lists)}\n)"
    return Raw(
        f"distinct(flatten([\n  for index in layer.indexes : {indented(inner).lstrip()}\n]))"
    )


def _list(kind: _Kind, statement: str) -> str:
    return f"[\n  for {kind.source} :\n{indented(statement)}{kind.only}\n]"


def _of(kind: _Kind) -> Iterator[str]:
    spec = LayerSpec("any", ("3.13",), "arm64", dependencies=("any",), indexes=(kind.example,))
    for statement in logins(spec, **PLACE):
        text = json.dumps(statement)
        for name, reference in kind.names.items():
            text = text.replace(name, f"${{{reference}}}")
        yield f"jsonencode({expression(json.loads(text))})"
