"""Share a release: who may use its version, and the parameter that has its ARN.

Each step looks for what is there before it acts, and what is about to be given is noted first: run
again after a crash, it gives the rest and takes back what is no longer wanted.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from builder.errors import ConflictError
from builder.layer.layer import Layer
from builder.layer.pin import pin_of
from builder.layer.record import Record, Release
from builder.layer.sharing import Sharing
from builder.progress import Progress


def share(layer: Layer, release: Release, *, progress: Progress) -> None:
    """Let those that the layer names use a release, and no others; then write its parameter.

    Who is named no longer loses all versions. Raise AwsError or ConflictError; what was done stays
    done, the next plan says what is left, and the next apply does it.
    """
    parameter = layer.spec.parameter
    done = Sharing(release.layer_arn, layer.spec.share, (parameter,) if parameter else ())
    record = layer.records.change(partial(_begun, done=done))
    begun = record.sharing or done
    done = replace(done, unknown=begun.unknown)
    _give(layer, release, progress)
    _take(layer, release, everywhere=set(begun.share) > set(done.share), progress=progress)
    if parameter:
        name_current(layer, release, progress=progress)
    for old in begun.parameters:
        if old != parameter:
            forget(layer, old, progress=progress)
    layer.records.change(partial(_ended, begun=begun, done=done))


def _begun(record: Record, *, done: Sharing) -> Record:
    return replace(record, sharing=(record.sharing or Sharing("")).begun(done))


def _ended(record: Record, *, begun: Sharing, done: Sharing) -> Record:
    """Return the record once all is done, unless another process has shared otherwise meanwhile.

    Then the record keeps what both may have given, and the next plan finds it unshared.
    """
    now = record.sharing or done
    return replace(record, sharing=done if now in (begun, done) else now.begun(begun))


def name_current(layer: Layer, release: Release, *, progress: Progress) -> None:
    """Write the ARN of the release in use into the layer's parameter, if it has one.

    That is the pinned release, or the current one; ``release`` is it as far as we know. Another
    process may publish meanwhile, so it is looked at again after the parameter was written. Raise
    ConflictError when the parameter has something else.
    """
    name, value = layer.spec.parameter, _in_use(layer, release).layer_arn
    while name:
        there = layer.services.parameters.get(name)
        if there is not None and not _is_ours(layer, there):
            raise ConflictError(
                f"parameter {name} is not that of layer {layer.name!r}: it has {there[:80]!r}",
                where=f"SSM, account {layer.site.account}, region {layer.site.region}",
                expected=f"no such parameter, or one with an ARN of {layer.site.layer_arn}",
                fix="name another one in layers.toml, or delete it: aws ssm delete-parameter "
                f"--name {name}",
            )
        if there != value:
            layer.services.parameters.put(name, value)
            progress(f"parameter {name} has {value}")
        now = _in_use(layer, release).layer_arn
        if now == value:
            return
        value = now


def forget(layer: Layer, name: str, *, progress: Progress) -> None:
    """Delete a parameter that names a version of the layer; one with anything else stays."""
    there = layer.services.parameters.get(name)
    if there is not None and _is_ours(layer, there):
        layer.services.parameters.delete(name)
        progress(f"deleted parameter {name}")


def _give(layer: Layer, release: Release, progress: Progress) -> None:
    name, layers = layer.site.layer_name, layer.services.layers
    there = layers.shared_with(name, release.version)
    for whom in layer.spec.share:
        if whom not in there:
            layers.share(name, release.version, whom)
            progress(f"{whom} may use version {release.version}")


def _take(layer: Layer, release: Release, *, everywhere: bool, progress: Progress) -> None:
    name, layers = layer.site.layer_name, layer.services.layers
    versions = [release.version]
    if everywhere:
        versions = [v.version for v in layers.versions(name) if v.is_of(layer.app)]
    for version in versions:
        for whom in sorted(layers.shared_with(name, version) - set(layer.spec.share)):
            layers.unshare(name, version, whom)
            progress(f"{whom} may no longer use version {version}")


def _in_use(layer: Layer, release: Release) -> Release:
    record = layer.records.load_or_new()
    pin = pin_of(layer, record)
    return pin.release if pin else record.current or release


def _is_ours(layer: Layer, value: str) -> bool:
    arn, _, version = value.rpartition(":")
    return arn == layer.site.layer_arn and version.isdigit()
