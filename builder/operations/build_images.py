"""By which digests the container images of builds go now: what `images` pins them with."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from builder.images.manifest import check_machine
from builder.images.push import base_of
from builder.images.reference import parse
from builder.images.registry import Registry
from builder.spec.build_images import entry_of, image_of
from builder.spec.layer_spec import LayerSpec
from builder.spec.runtimes import Target

AT_ONCE = 4
"""Images that are asked for at the same time."""


def pins(specs: Iterable[LayerSpec], connect: Callable[[str], Registry]) -> tuple[str, ...]:
    """Return what stands in `images` for the targets of layers, each with its digest; read-only.

    A tag is asked for anew, whatever digest stands beside it; a digest alone stays, once its image
    is found. Raise ImageError where an image is not there or not for the target's architecture, and
    RegistryError where a registry does not answer as one.
    """
    wanted = {(target, image_of(target, spec.images)) for spec in specs for target in spec.targets}

    def pin(one: tuple[Target, str]) -> str:
        target, image = one
        asked = parse(image, f"the build image of {target}")
        asked = replace(asked, digest="" if asked.tag else asked.digest)
        found = base_of(asked, target.architecture, connect(asked.registry))
        check_machine(found.config, target.architecture, str(asked))
        return entry_of(target, f"{image.partition('@')[0]}@{asked.digest or found.digest}")

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return tuple(dict.fromkeys(pool.map(pin, sorted(wanted))))
