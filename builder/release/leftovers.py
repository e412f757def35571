"""Versions of retired layers that functions still had: noted, and removed once none has them.

A function keeps working when a version that it has is deleted, but cannot be updated until it is
given another one. So a layer that is renamed leaves its versions in use where they are.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from builder.aws.functions import Uses, by_version
from builder.aws.layers import LayerVersion
from builder.aws.services import Services
from builder.aws.store import Store
from builder.documents import Extensible, Malformed, read_json, typed
from builder.errors import LayerError
from builder.progress import Progress
from builder.protocol.keys import LEFTOVERS, LayerKeys, leftovers
from builder.spec.app_spec import AppSpec
from builder.spec.checks import LAYER_NAME
from builder.text import some

Listing = Callable[[], Uses]
"""Returns which functions, their published versions too, have which layers.

It raises AwsError where functions may not be listed."""


def users_of(listing: Listing, versions: Sequence[LayerVersion]) -> dict[str, list[str]]:
    """Return the functions that have versions of one layer, by the versions' ARNs.

    Without versions nothing is listed.
    """
    return by_version(listing().of(versions[0].arn.rpartition(":")[0])) if versions else {}


@dataclass(frozen=True)
class _Note(Extensible):
    """The versions that are left, and the layer's name in Lambda, "" in notes of older versions."""

    versions: tuple[int, ...] = ()
    layer_name: str = ""


def note(store: Store, layer: str, versions: Iterable[int], *, layer_name: str) -> None:
    """Remember which versions of a retired layer are left; none forgets the layer."""
    left = sorted(versions)
    if left:
        text = json.dumps({"versions": left, "layer_name": layer_name})
        store.write(leftovers(layer), text.encode(), "application/json")
    elif store.head(leftovers(layer)) is not None:
        store.delete_all(leftovers(layer))


def noted(store: Store, layer: str) -> frozenset[int]:
    """Return the versions that were left of a retired layer; none when that cannot be read."""
    return frozenset(_read(store, layer).versions)


def _read(store: Store, layer: str) -> _Note:
    stored = store.read(leftovers(layer))
    if stored is None:
        return _Note()
    try:
        return typed(_Note, read_json(stored.content))
    except Malformed:
        return _Note()


def sweep(services: Services, app: AppSpec, progress: Progress, listing: Listing) -> None:
    """Remove what is left of an application's retired layers and no function has any more.

    What cannot be removed now is reported, and goes another time.
    """
    try:
        for key in services.store.keys(LEFTOVERS):
            layer = key.removeprefix(LEFTOVERS).removesuffix(".json")
            if LAYER_NAME.fullmatch(layer) and key == leftovers(layer):
                _sweep(services, app, layer, progress, listing)
    except LayerError as error:
        progress(f"NOTE: versions of retired layers were not removed: {error.what}")


def _sweep(
    services: Services, app: AppSpec, layer: str, progress: Progress, listing: Listing
) -> None:
    store = services.store
    if store.head(LayerKeys(layer).record) is not None:
        # The layer is back: what it has published is pruned as that of any other.
        note(store, layer, (), layer_name="")
        return
    found = _read(store, layer)
    known, name = frozenset(found.versions), app.layer_name(layer, found.layer_name)
    versions = [v for v in services.layers.versions(name) if v.version in known]
    own = [version for version in versions if version.is_of(app.name)]
    users = users_of(listing, own)
    left = remove_unused(services, name, own, users, progress)
    if left != known:
        note(store, layer, left, layer_name=name)


def remove_unused(
    services: Services,
    layer_name: str,
    versions: Iterable[LayerVersion],
    users: Mapping[str, Sequence[str]],
    progress: Progress,
) -> frozenset[int]:
    """Delete the versions that no function has; name the others, and return their numbers."""
    left = set()
    for version in versions:
        functions = users.get(version.arn, ())
        if functions:
            left.add(version.version)
            progress(f"keeping {version.arn}, which is used by {some(functions)}")
        else:
            services.layers.delete(layer_name, version.version)
            progress(f"deleted {version.arn}")
    return frozenset(left)
