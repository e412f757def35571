"""What a release removes of its own when its layer was retired meanwhile."""

from __future__ import annotations

from collections.abc import Callable

from builder.builds.push import recent_pushes
from builder.builds.start import builds_for
from builder.errors import AwsError, LayerError
from builder.layer.layer import Layer
from builder.layer.record import Record
from builder.layer.token import Token
from builder.progress import Progress
from builder.release.leftovers import noted
from builder.release.share import forget


def clear_away(layer: Layer, token: Token, progress: Progress) -> None:
    """Stop the builds and delete the version, the parameter and the objects of a release.

    A layer of the same name that has begun since keeps what it may go on with. What fails is said,
    and the rest is done.
    """
    for step in (_stop_builds, _delete_versions, _delete_parameter, _delete_objects):
        _tried(step, layer, token, progress)


Step = Callable[[Layer, Record, Token, Progress], None]


def _tried(step: Step, layer: Layer, token: Token, progress: Progress) -> None:
    try:
        record = layer.records.load_or_new()
        attempt = record.attempt
        if attempt is None or attempt.fingerprint != token.fingerprint:
            step(layer, record, token, progress)
    except LayerError as error:
        progress(
            f"NOTE: not all is removed of layer {layer.name!r}, which was retired: {error.what}; "
            f"the rest goes with: lambda-layer retire {layer.name}"
        )


def _stop_builds(layer: Layer, _record: Record, token: Token, progress: Progress) -> None:
    builds = [build for _, build in builds_for(layer, token.fingerprint)]
    if layer.spec.image:
        builds += [
            push
            for order, push in recent_pushes(layer)
            if (made_for := Token.parse(order.token)) and made_for.fingerprint == token.fingerprint
        ]
    for build in builds:
        if build.running:
            layer.services.codebuild.stop(build.id)
            progress(f"stopped build {build.id}")


def _delete_versions(layer: Layer, record: Record, token: Token, progress: Progress) -> None:
    """Delete what was published for the token, but what was kept as functions have it."""
    known = {release.layer_arn for release in record.all_releases}
    kept = _kept(layer)
    for version in list(layer.services.layers.versions(layer.site.layer_name)):
        is_ours = version.token == str(token) and version.is_of(layer.app)
        if is_ours and version.arn not in known and version.version not in kept:
            layer.services.layers.delete(layer.site.layer_name, version.version)
            progress(f"deleted {version.arn}")


def _kept(layer: Layer) -> frozenset[int]:
    """Return the versions that the layer's end has left, as far as the caller may see them."""
    try:
        return noted(layer.services.store, layer.name)
    except AwsError:
        return frozenset()


def _delete_parameter(layer: Layer, record: Record, _token: Token, progress: Progress) -> None:
    if layer.spec.parameter and record.sharing is None:
        forget(layer, layer.spec.parameter, progress=progress)


def _delete_objects(layer: Layer, record: Record, token: Token, progress: Progress) -> None:
    if token.fingerprint in {release.fingerprint for release in record.all_releases}:
        return
    if not layer.services.store.bucket_exists():
        return
    prefixes = layer.keys.prefixes(token.fingerprint)
    count = sum(layer.services.store.delete_all(prefix) for prefix in prefixes)
    if count:
        progress(f"deleted {count} object versions of {layer.services.store.url(layer.name)}/")
