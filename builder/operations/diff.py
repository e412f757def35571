"""What differs between two releases of a layer: packages and sizes, from their manifests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from builder.builds.artifact import Manifest, Package, read_manifest
from builder.errors import ArtifactError, LayerError
from builder.layer.layer import Layer
from builder.layer.record import Record, Release
from builder.layer.releases import known_release

_Packages = dict[str, list[Package]]


@dataclass(frozen=True)
class PackageChange:
    """One package that differs; versions are "" where it is not there, sizes are in bytes."""

    name: str
    before: str
    after: str
    size_before: int
    size_after: int

    @property
    def kind(self) -> str:
        """``added``, ``removed``, ``changed`` (of version), or ``resized`` (the same version)."""
        if not self.before:
            return "added"
        if not self.after:
            return "removed"
        return "changed" if self.before != self.after else "resized"


@dataclass(frozen=True)
class Difference:
    """Two releases, the packages that differ, and the manifests' sizes."""

    old: Release
    new: Release
    packages: tuple[PackageChange, ...]


def difference(layer: Layer, versions: Sequence[int]) -> Difference:
    """Compare two releases: those of the versions named, or the two last.

    With one version it is compared with the last release. Raise LayerError when a release or its
    manifest is not there.
    """
    record = layer.records.load_or_new()
    old, new = _choose(layer, record, versions)
    before, after = (_manifest(layer, release) for release in (old, new))
    return Difference(old, new, compare(before.packages, after.packages))


def compare(before: Sequence[Package], after: Sequence[Package]) -> tuple[PackageChange, ...]:
    """Return the packages that differ, by name.

    A layer for several runtimes may hold several versions of one package.
    """
    old, new = _by_name(before), _by_name(after)
    changes = (
        PackageChange(name, *_versions(old, new, name), *_sizes(old, new, name))
        for name in sorted({*old, *new})
    )
    return tuple(c for c in changes if c.kind != "resized" or c.size_before != c.size_after)


def _versions(old: _Packages, new: _Packages, name: str) -> tuple[str, str]:
    """Return the versions of a package on both sides, "" where it is not there."""
    before, after = (
        ", ".join(sorted(package.version for package in side.get(name, ()))) for side in (old, new)
    )
    return before, after


def _sizes(old: _Packages, new: _Packages, name: str) -> tuple[int, int]:
    """Return the bytes of a package on both sides."""
    before, after = (sum(package.size for package in side.get(name, ())) for side in (old, new))
    return before, after


def _by_name(packages: Sequence[Package]) -> _Packages:
    found: _Packages = {}
    for package in packages:
        found.setdefault(package.name, []).append(package)
    return found


def _choose(layer: Layer, record: Record, versions: Sequence[int]) -> tuple[Release, Release]:
    # A version that is adopted again is published last, whatever its number.
    order = [release.version for release in record.releases]
    if len(order) < 2 and len(versions) < 2:
        raise LayerError(
            f"layer {layer.name!r} has {'one release' if order else 'no releases'}, "
            "and two are compared",
            where=layer.records.url,
            expected="two releases, or two versions named",
            fix="compare them after the next release",
        )
    wanted = list(versions)
    if not wanted:
        wanted = [order[1], order[0]]
    elif len(wanted) == 1:
        wanted.append(order[0])
    old, new = (known_release(layer, record, version) for version in wanted[:2])
    return old, new


def _manifest(layer: Layer, release: Release) -> Manifest:
    found = read_manifest(layer.services.store, layer.keys.verified, release.fingerprint)
    if found is not None:
        return found
    raise ArtifactError(
        f"the manifest of version {release.version} of layer {layer.name!r} is gone",
        where=layer.services.store.url(layer.keys.verified.manifest(release.fingerprint)),
        expected="the artifact of the release, which pruning and people may delete",
        fix=f"compare other versions: lambda-layer status {layer.name} lists them",
    )
