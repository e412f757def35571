"""What the artifact depends on: the fingerprint, and what changed between two of them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from builder.documents import Malformed, read_json, typed
from builder.inputs import supervisor
from builder.inputs.bundle import describe_target
from builder.inputs.source_files import SourceFile
from builder.inputs.worker_program import worker_version
from builder.spec.field import Place
from builder.spec.fields import fields_in
from builder.spec.layer_spec import LayerSpec

SCHEMA = 1
NAMED_CHANGES = 5
"""How many changes a reason names before it counts the rest."""

LONGEST_REASON, LONGEST_CHANGE = 500, 160
"""Characters of a reason, and of one change in it."""

REST = " (the rest: lambda-layer plan --files)"

REASONS = {
    "targets": "facts about the runtime changed",
    "worker": "the builder's worker changed",
    "supervisor": "the supervisor of services changed",
}
"""What a change of settings means whose values say nothing to people."""


@dataclass(frozen=True)
class Inputs:
    """Everything that can change the artifact, and nothing else.

    ``files`` maps paths to digests, ``settings`` maps names to values as JSON.
    """

    files: Mapping[str, str]
    settings: Mapping[str, str]

    @property
    def fingerprint(self) -> str:
        """The SHA-256 of the inputs, as 64 hex digits."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()

    def to_json(self) -> str:
        """Return the inputs as canonical JSON."""
        document = {"schema": SCHEMA, "files": dict(self.files), "settings": dict(self.settings)}
        return json.dumps(document, sort_keys=True, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Inputs | None:
        """Read what :meth:`to_json` wrote, or return None for anything else."""
        try:
            document = typed(_Stored, read_json(text))
            return cls(document.files, document.settings) if document.schema == SCHEMA else None
        except Malformed:
            # They only serve to name what changed; a plan works without them.
            return None


@dataclass(frozen=True)
class _Stored:
    """The inputs as JSON has them."""

    schema: int
    files: Mapping[str, str]
    settings: Mapping[str, str]


def inputs_of(spec: LayerSpec, files: Iterable[SourceFile]) -> Inputs:
    """Return the inputs of a layer: its files, its settings, and what builds it."""
    targets = spec.targets
    return Inputs(
        files={file.path: file.digest + ("+x" if file.executable else "") for file in files},
        settings={
            **_settings(spec),
            "targets": json.dumps([describe_target(t) for t in targets], sort_keys=True),
            "build image": json.dumps([target.build_image for target in targets]),
            "worker": json.dumps(worker_version()),
            **({"supervisor": json.dumps(supervisor.digest())} if spec.supervisor else {}),
        },
    )


def _settings(spec: LayerSpec) -> dict[str, str]:
    """Return what the table of fields says of the spec; whether a key counts stands there."""
    found = {}
    for field in fields_in(Place.LAYER).values():
        if field.fingerprint is not None:
            value = field.fingerprint(getattr(spec, field.in_spec))
            if value or not field.only_if_set:
                found[field.name] = json.dumps(value)
    return found


def changes(old: Inputs, new: Inputs) -> list[str]:
    """Say what changed from old to new inputs, settings first, each in a few words."""
    return [*_setting_changes(old.settings, new.settings), *_file_changes(old.files, new.files)]


def reason(old: Inputs, new: Inputs) -> str:
    """Say in one line why a layer with these inputs must be built again."""
    found = changes(old, new)
    rest = len(found) - NAMED_CHANGES
    named = [_cut(change, LONGEST_CHANGE) for change in found[:NAMED_CHANGES]]
    named += [f"and {rest} more"] if rest > 0 else []
    return shortened(", ".join(named) or "the inputs changed")


def shortened(text: str) -> str:
    """Return a reason that stays short: it goes into the state, and into each query of a hook."""
    return text if len(text) <= LONGEST_REASON else _cut(text, LONGEST_REASON - len(REST)) + REST


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _setting_changes(old: Mapping[str, str], new: Mapping[str, str]) -> list[str]:
    found = []
    changed = {n for n in {*old, *new} if old.get(n, "null") != new.get(n, "null")}
    if changed & {"python", "architecture"}:
        # They follow from these two, unless our table of runtimes itself changed.
        changed -= {"targets", "build image"}
    for name in sorted(changed):
        if name in REASONS:
            found.append(REASONS[name])
        else:
            before, after = _plain(old.get(name, "null")), _plain(new.get(name, "null"))
            found.append(f"{name} changed from {before} to {after}")
    return found


def _plain(value: str) -> str:
    try:
        parsed = read_json(value)
    except Malformed:
        return "something that cannot be read"
    if isinstance(parsed, list):
        return ", ".join(map(str, parsed)) or "none"
    return str(parsed) if parsed is not None else "none"


def _file_changes(old: Mapping[str, str], new: Mapping[str, str]) -> list[str]:
    removed = {path: digest for path, digest in old.items() if path not in new}
    found = []
    for path, digest in sorted(new.items()):
        if path in old:
            if old[path] != digest:
                only_mode = old[path].removesuffix("+x") == digest.removesuffix("+x")
                found.append(f"{path} changed" + (" its exec bit" if only_mode else ""))
            continue
        origin = next((name for name, other in sorted(removed.items()) if other == digest), None)
        if origin is None:
            found.append(f"{path} added")
        else:
            del removed[origin]
            found.append(f"{origin} renamed to {path}")
    return found + [f"{path} removed" for path in sorted(removed)]
