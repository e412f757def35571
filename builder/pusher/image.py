"""Make the image of an order: the verified zip on its base, in the layer's repository."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from builder.aws.images import Registries
from builder.aws.store import Store
from builder.errors import ArtifactError
from builder.images import layer as layers
from builder.images.errors import ImageError
from builder.images.labels import APP, CODE, TOKEN, check_labels
from builder.images.opt import BELOW, paths_on
from builder.images.order import Order
from builder.images.push import Pushed, base_of, find, push
from builder.images.reference import Reference, parse
from builder.images.registry import Registry
from builder.progress import Progress
from builder.room import working_folder
from builder.spec.runtimes import IMAGE_LIMIT

LAMBDA_BASE = "public.ecr.aws/lambda/python:{python}"
"""AWS Lambda developer guide, "Using an AWS base image for Python"."""


def carry_out(order: Order, store: Store, registries: Registries, progress: Progress) -> Pushed:
    """Push the image that is ordered; return it, or the same one that is there already.

    Nothing of the zip is run. Raise LayerError; what was uploaded by then stays, and another try
    goes on from there.
    """
    into = Reference(registries.registry(), order.repository, order.tag)
    registry = connect(registries, into.registry)
    labels = {TOKEN: order.token, APP: order.app, CODE: order.code_sha256}
    there = find(into, registry)
    if there is not None:
        check_labels(there.labels, labels, str(into))
        progress(f"{into} is there")
        return there
    with working_folder() as made:
        archive = made / "layer.zip"
        progress(f"reading {store.url(order.key)}")
        _check(store.download(order.key, order.version, archive), order, store)
        return _push(order, archive, into, registries, registry, labels, progress)


def connect(registries: Registries, name: str) -> Registry:
    """Return a registry, logged in where it is one of ECR."""
    if not registries.has(name):
        return Registry(name)
    found = registries.log_in(name)
    return Registry(name, login=found.login, url=found.url)


def _check(code_sha256: str, order: Order, store: Store) -> None:
    if code_sha256 == order.code_sha256:
        return
    raise ArtifactError(
        f"the artifact has SHA-256 {code_sha256}",
        where=store.url(order.key),
        expected=f"{order.code_sha256}, as it was verified",
        fix="plan and apply again: it is built anew",
    )


def _push(
    order: Order,
    archive: Path,
    into: Reference,
    registries: Registries,
    registry: Registry,
    labels: Mapping[str, str],
    progress: Progress,
) -> Pushed:
    reference = parse(order.base or LAMBDA_BASE.format(python=order.python), "key 'base'")
    progress(f"on {reference}, for {order.target}")
    base = base_of(reference, order.architecture, connect(registries, reference.registry))
    written = layers.write(archive, archive.with_name("layer.tar.gz"), below=BELOW)
    if base.manifest.size + written.unpacked > IMAGE_LIMIT:
        raise ImageError(
            f"the image has more than {base.manifest.size + written.unpacked:,} bytes",
            where=f"{into.repository}, on {reference}",
            expected=f"at most {IMAGE_LIMIT:,} bytes, unzipped, with the base",
            fix="leave out packages, or use a smaller base",
        )
    return push(
        base, written, into, registry, paths=paths_on(base), labels=labels, progress=progress
    )
