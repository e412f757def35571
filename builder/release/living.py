"""The releases of a layer that Lambda still has: what one can go back to."""

from __future__ import annotations

from builder.aws.layers import LayerVersion
from builder.builds.artifact import read_manifest
from builder.errors import ArtifactError, LayerError
from builder.layer.layer import Layer
from builder.layer.record import Record, Release
from builder.layer.token import Token
from builder.text import some

UNLISTED = "published before the releases that the record lists"
"""The reason of a release that only Lambda still knows."""


def living_release(layer: Layer, record: Record, version: int) -> Release:
    """Return the release of a version that Lambda still has, be it in the record or no longer.

    Raise LayerError, naming those that can be had, when it was deleted or is none.
    """
    versions = _versions(layer)
    living = _recorded(record, versions)
    known = record.release_of(version)
    if known is not None and known in living:
        return known
    listed = {release.version for release in living}
    unlisted = {n: v for n, v in versions.items() if n not in listed and _is_ours(layer, record, v)}
    if version in unlisted:
        found = _read_back(layer, unlisted[version])
        if found is not None:
            return found
    choices = [f"version {r.version} of {r.published_at} ({r.reason})" for r in living]
    if unlisted:
        numbers = some([str(number) for number in sorted(unlisted, reverse=True)])
        choices.append(f"version {numbers}, which the record lists no longer")
    raise LayerError(
        f"version {version} of layer {layer.name!r} was deleted"
        if known
        else f"version {version} is no release of layer {layer.name!r}",
        where=f"layer {layer.site.layer_name} in Lambda and its record",
        expected="\n".join(choices) or "a released version that Lambda still has; there is none",
        fix="name one of these"
        if choices
        else f"build it again from the sources: lambda-layer build {layer.name}",
    )


def _versions(layer: Layer) -> dict[int, LayerVersion]:
    return {found.version: found for found in layer.services.layers.versions(layer.site.layer_name)}


def _recorded(record: Record, versions: dict[int, LayerVersion]) -> list[Release]:
    """Return the recorded releases that Lambda still has, newest version first."""
    alive = {version.arn for version in versions.values()}
    alive -= set(record.pruned)
    found = [release for release in record.all_releases if release.layer_arn in alive]
    return sorted(found, key=lambda release: -release.version)


def _is_ours(layer: Layer, record: Record, version: LayerVersion) -> bool:
    """Whether a version says that it is this layer's. A refused one, or one of before, is not."""
    is_marked = version.app == layer.app and Token.parse(version.token) is not None
    return is_marked and version.arn not in (*record.refused, *record.pruned)


def _read_back(layer: Layer, version: LayerVersion) -> Release | None:
    """Return the release of a version from Lambda and its artifact's manifest.

    Sizes and packages are 0 where there is no such manifest any more.
    """
    found = layer.services.layers.get(version.arn)
    token = Token.parse(version.token)
    if found is None or token is None:
        return None
    try:
        manifest = read_manifest(layer.services.store, layer.keys.verified, token.fingerprint)
    except ArtifactError:
        manifest = None
    if manifest is not None and manifest.code_sha256 != found.code_sha256:
        manifest = None
    return Release(
        number=token.number,
        fingerprint=token.fingerprint,
        layer_arn=found.arn,
        version=found.version,
        code_sha256=found.code_sha256,
        unzipped_size=manifest.unzipped_size if manifest else 0,
        zipped_size=found.code_size,
        packages=len(manifest.packages) if manifest else 0,
        reason=UNLISTED,
        build_id=manifest.build_id if manifest else "",
        builds=manifest.parts if manifest else {},
        published_at=found.created,
        image_uri=found.image_uri,
        wheels_alone=manifest.wheels_alone if manifest else False,
    )
