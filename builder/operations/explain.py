"""What a word of ours means: a key of layers.toml, a status, a kind of error."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches

from builder import errors
from builder.errors import LayerError
from builder.protocol import statuses
from builder.spec.field import Field, Place
from builder.spec.fields import FIELDS
from builder.spec.schema import LINK

STATUSES = {
    statuses.CURRENT: ("published from these sources", "nothing"),
    statuses.STALE: ("the sources have changed since the release", "the next apply builds it"),
    statuses.MISSING: (
        "there is no release, or the version that the record names is gone from Lambda",
        "the next apply builds it",
    ),
    statuses.FORCED: (
        "a rebuild is asked for (force_rebuild, --force)",
        "the next apply builds it",
    ),
    statuses.BUILDING: ("a build is under way", "lambda-layer watch NAME, or wait NAME"),
    statuses.FAILED: (
        "the last build has failed; functions keep the version they have",
        "lambda-layer logs NAME --failed; the next apply tries again",
    ),
    statuses.UNMOVED: (
        "published, and functions that should be on it are not",
        "the next apply moves them, or lambda-layer move NAME",
    ),
    statuses.UNSHARED: (
        "published, and share or parameter in layers.toml are not done yet",
        "the next apply does it, and builds nothing",
    ),
    statuses.PINNED: (
        "an earlier release is in use since a rollback",
        "lambda-layer unpin NAME lets releases go on",
    ),
    statuses.INVALID: (
        "the description, the sources or the record cannot be used; the reason says why",
        "what the reason says",
    ),
    statuses.PUBLISHED: ("there is a release", "nothing"),
    statuses.WAITING: ("no build has begun yet", "terraform apply, or lambda-layer build NAME"),
    statuses.PUBLISHING: ("it is built, and not published yet", "nothing: it takes seconds"),
    statuses.RELEASED: ("the publisher function has finished the release", "nothing"),
    statuses.IGNORED: ("the publisher function was called for something else", "nothing"),
}
"""What each status says, and what is to be done."""


@dataclass(frozen=True)
class Explanation:
    """A word, what it means, and facts about it by their names."""

    word: str
    kind: str
    text: str
    facts: dict[str, str]


def words() -> list[str]:
    """Return every word that can be explained."""
    return sorted({field.name for field in FIELDS} | STATUSES.keys() | _errors().keys())


def explain(word: str) -> list[Explanation]:
    """Return all that a word means: keys of several tables may have one name.

    A key may be written with its table, as in ``app.name`` or ``layers.web.keep``. Raise LayerError
    for a word that means nothing here.
    """
    table, _, name = word.strip("[]").rpartition(".")
    found = [_key(field) for field in FIELDS if field.name == name and _is_in(field, table)]
    if not table:
        found += [*_status(name), *_error(name)]
    if found:
        return found
    close = get_close_matches(name, words(), n=1, cutoff=0.5)
    raise LayerError(
        f"{word!r} is no key, status or error",
        where="lambda-layer explain",
        expected="a key of layers.toml, a status of a layer, or a kind of error",
        fix=f"did you mean {close[0]!r}?" if close else "see lambda-layer explain without a word",
    )


def _is_in(field: Field, table: str) -> bool:
    if not table:
        return True
    # [layers.NAME] is meant by layers, and by layers.web.
    patterns = (
        re.escape(place.value.strip("[]")).replace("NAME", r"[^.]+") for place in field.places
    )
    return any(re.fullmatch(p, table) or re.fullmatch(p, f"{table}.x") for p in patterns)


def _key(field: Field) -> Explanation:
    facts = {
        "in": " or ".join(place.value for place in field.places),
        "value": field.kind.name + (f": {', '.join(field.words)}" if field.words else ""),
        "default": "required" if field.required else _default(field),
    }
    if Place.LAYER in field.places:
        builds = "builds the layer again" if field.fingerprint else "builds nothing"
        facts["a change"] = builds
    return Explanation(f"{field.name} = {field.example}", "key", LINK.sub(r"\1", field.text), facts)


def _default(field: Field) -> str:
    return json.dumps(field.default) if field.default else "not set"


def _status(name: str) -> Iterator[Explanation]:
    if name in STATUSES:
        text, next_ = STATUSES[name]
        yield Explanation(name, "status", text, {"next": next_})


def _error(name: str) -> Iterator[Explanation]:
    if name in _errors():
        text = " ".join((inspect.getdoc(_errors()[name]) or "").split())
        yield Explanation(name, "error", text, {"shown": "with what, where, expected and fix"})


def _errors() -> dict[str, type[LayerError]]:
    found = vars(errors).items()
    return {
        name: kind
        for name, kind in found
        if isinstance(kind, type) and issubclass(kind, LayerError)
    }
