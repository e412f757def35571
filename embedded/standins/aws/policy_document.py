"""The data source that writes IAM policies: no call to AWS, only JSON.

Source of the facts: documentation of hashicorp/aws 6.25, data source aws_iam_policy_document, and
what its source does: of several strings the last in the alphabet comes first, one string stands
without a list, values of conditions keep their order, ``&{...}`` becomes ``${...}``, and a
statement takes the place of an earlier one of its Sid.
"""

from __future__ import annotations

import json
import threading
import zlib
from collections.abc import Iterator, Sequence
from typing import Any

from embedded.standins.aws.connection import Connection
from embedded.standins.checks import one_of
from embedded.standins.errors import ProviderError
from embedded.standins.resource import DataSource
from embedded.standins.values import State

Document = dict[str, Any]

_VERSIONS = ("2008-10-17", "2012-10-17")
_ESCAPED = {"&": "\\u0026", "<": "\\u003c", ">": "\\u003e"}
"""What Go's encoder writes for characters that HTML knows."""

_ORDER = (
    "Sid", "Effect", "Action", "NotAction", "Resource", "NotResource",
    "Principal", "NotPrincipal", "Condition",
)  # fmt: skip


class PolicyDocument(DataSource[Connection]):
    """``aws_iam_policy_document``."""

    checks = (one_of("version", *_VERSIONS), one_of("statement.effect", "Allow", "Deny"))

    def read(self, meta: Connection, config: State, interrupted: threading.Event) -> State:
        """Write the policy."""
        policy = _policy(config)
        text = _encode(policy, indent=2)
        return {
            **config,
            "id": str(zlib.crc32(text.encode())),
            "json": text,
            "minified_json": _encode(policy, indent=None),
        }


def _policy(config: State) -> Document:
    merged: Document = {"Version": "", "Id": "", "Statement": []}
    sources = [config["source_json"], *(config["source_policy_documents"] or [])]
    given = list(_given("source_policy_documents", sources))
    _refuse_twice(found for document in given for found in document["Statement"])
    own: Document = {
        "Version": config["version"] or _VERSIONS[-1],
        "Id": config["policy_id"] or "",
        "Statement": [_statement(block, config["version"]) for block in config["statement"] or []],
    }
    _refuse_twice(own["Statement"])
    overriding = [*(config["override_policy_documents"] or []), config["override_json"]]
    for document in (*given, own, *_given("override_policy_documents", overriding)):
        _merge(merged, document)
    return {key: value for key, value in merged.items() if value}


def _statement(block: State, version: str | None) -> Document:
    def plain(text: str) -> str:
        if version == _VERSIONS[0] and "&{" in text:
            raise ProviderError(
                "writing IAM Policy Document",
                f"found &{{ sequence in ({text}), which is not supported in document version "
                f"{version}",
                path=("statement",),
            )
        return text.replace("&{", "${")

    def strings(texts: Sequence[str] | None) -> str | list[str]:
        return _one_or_all(sorted(map(plain, texts or []), reverse=True))

    principals, others = (
        [(found["type"], strings(found["identifiers"])) for found in block[name] or []]
        for name in ("principals", "not_principals")
    )
    return {
        "Sid": block["sid"],
        "Effect": block["effect"] or "Allow",
        "Action": _one_or_all(sorted(block["actions"] or [], reverse=True)),
        "NotAction": _one_or_all(sorted(block["not_actions"] or [], reverse=True)),
        "Resource": strings(block["resources"]),
        "NotResource": strings(block["not_resources"]),
        "Principal": _principals(principals),
        "NotPrincipal": _principals(others),
        "Condition": _conditions(block["condition"] or [], plain),
    }


def _principals(found: list[tuple[str, str | list[str]]]) -> Any:
    if found == [("*", "*")]:
        return "*"
    merged: dict[str, Any] = {}
    for kind, identifiers in found:
        if kind not in merged:
            merged[kind] = identifiers
        else:
            merged[kind] = [*_all(merged[kind]), *_all(identifiers)]
    return dict(sorted(merged.items()))


def _conditions(blocks: Sequence[State], plain: Any) -> Document:
    merged: dict[str, dict[str, list[str]]] = {}
    for block in blocks:
        values = merged.setdefault(block["test"], {}).setdefault(block["variable"], [])
        values += map(plain, block["values"])
    return {
        test: {variable: _one_or_all(values) for variable, values in sorted(variables.items())}
        for test, variables in sorted(merged.items())
    }


def _given(argument: str, texts: Sequence[str | None]) -> Iterator[Document]:
    for text in texts:
        if not text:
            continue
        try:
            document = json.loads(text)
            statements = document.get("Statement") or []
        except (ValueError, AttributeError) as error:
            raise ProviderError(
                "writing IAM Policy Document",
                f"merging {argument}: {error}",
                path=(argument,),
            ) from error
        yield {
            **document,
            "Statement": statements if isinstance(statements, list) else [statements],
        }


def _merge(merged: Document, document: Document) -> None:
    merged["Id"] = document.get("Id") or merged["Id"]
    merged["Version"] = max(document.get("Version") or "", merged["Version"])
    statements = merged["Statement"]
    for new in document["Statement"]:
        sids = [statement.get("Sid") for statement in statements]
        written = {key: new[key] for key in _ORDER if new.get(key)}
        if new.get("Sid") and new["Sid"] in sids:
            statements[sids.index(new["Sid"])] = written
        else:
            statements.append(written)


def _refuse_twice(statements: Iterator[Document] | list[Document]) -> None:
    seen: set[str] = set()
    for statement in statements:
        sid = statement.get("Sid")
        if sid and sid in seen:
            raise ProviderError(
                "writing IAM Policy Document",
                f"duplicate Sid ({sid}). Remove the Sid or ensure Sids are unique.",
                path=("statement",),
            )
        seen.add(sid or "")


def _one_or_all(texts: list[str]) -> str | list[str]:
    return texts[0] if len(texts) == 1 else texts


def _all(texts: str | list[str]) -> list[str]:
    return [texts] if isinstance(texts, str) else texts


def _encode(policy: Document, indent: int | None) -> str:
    separators = (",", ":") if indent is None else (",", ": ")
    text = json.dumps(policy, indent=indent, separators=separators, ensure_ascii=False)
    return "".join(_ESCAPED.get(letter, letter) for letter in text)
