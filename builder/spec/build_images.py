"""Which container image a target is built in: the runtime's own, or the one that `images` names.

Sources of the facts: AWS CodeBuild API reference, "ProjectEnvironment", image (a tag *or* a digest:
``registry/repository@sha256:...``) and imagePullCredentialsType; Amazon ECR user guide, "Private
registry" (names of registries).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from builder.errors import SpecError
from builder.spec.checks import Check
from builder.spec.runtimes import ARCHITECTURES, RUNTIMES, Target
from builder.spec.service_fields import IMAGE

LONGEST = 1000
"""Characters of an entry."""

WRITTEN = "let lambda-layer build-images write it"

PRIVATE = re.compile(r"\d{12}\.dkr\.ecr(-fips)?\.")
CODEBUILD = "aws/codebuild/"

TARGETS = {
    f"python{python}-{architecture}": Target(python, architecture)
    for python in RUNTIMES
    for architecture in ARCHITECTURES
}
"""Targets by what stands before the image."""


def images(check: Check, key: str, value: Any) -> tuple[str, ...]:
    """Take images with their targets, ``python3.13-arm64=IMAGE``; at most one for each target."""
    entries = check.several(key, value)
    named = [entry.partition("=") for entry in entries]
    for entry, (name, _, image) in zip(entries, named, strict=True):
        what = f"{entry!r:.200} names no image of a target"
        if name not in TARGETS:
            known = ", ".join(TARGETS)
            what += f": {name!r:.50} is none"
            raise check.error(key, what, f"TARGET=IMAGE, with {known}", WRITTEN)
        if len(entry) > LONGEST or not IMAGE.fullmatch(image):
            expected = "an image with a tag, with @sha256: and 64 hexadecimal digits, or with both"
            raise check.error(key, what, expected, WRITTEN)
        if PRIVATE.match(image) or image.startswith(CODEBUILD):
            raise check.error(
                key,
                f"builds cannot use {image!r:.200}: their role may pull nothing from a private "
                "registry, and CodeBuild's own images are not made from a runtime's",
                "an image with the runtime's Python in a registry that anyone may pull from",
                "name another image, or take the entry out",
            )
    names = [name for name, _, _ in named]
    for name in names:
        if names.count(name) > 1:
            what, expected = f"{name} has several images", "one image for each target"
            raise check.error(key, what, expected, "take one of them out")
    return entries


def check_own(entries: Sequence[str], targets: Sequence[Target], compute: str, where: str) -> None:
    """Raise SpecError for images that no build of a layer could use.

    What `[defaults]` says may be for other layers: see :func:`usable`.
    """
    if entries and compute == "lambda":
        raise SpecError(
            "images are named, and builds run on Lambda compute, which has its own",
            key="images",
            where=where,
            expected='images where compute is "container" or "auto"',
            fix="take images out, or compute",
        )
    names = [name for name, target in TARGETS.items() if target in targets]
    for entry in entries:
        name = entry.partition("=")[0]
        if name not in names:
            raise SpecError(
                f"an image is for {name}, and the layer is not",
                key="images",
                where=where,
                expected=f"TARGET=IMAGE, with {', '.join(names)}",
                fix="take the entry out, or correct its target; [defaults] may have images of all",
            )


def usable(
    check: Check, entries: Any, python: Any, architecture: Any, compute: Any
) -> tuple[str, ...]:
    """Return those of an application's images that one of its layers can use.

    Raise SpecError for what is no image of any target.
    """
    versions = python if isinstance(python, (list, tuple)) else ()
    own = {f"python{version}-{architecture}" for version in versions}
    named = images(check, "images", entries)
    return tuple(e for e in named if compute != "lambda" and e.partition("=")[0] in own)


def of_targets(entries: Sequence[str], targets: Sequence[Target]) -> tuple[str, ...]:
    """Return the entries of some targets, in their order."""
    by_target = {TARGETS[entry.partition("=")[0]]: entry for entry in entries}
    return tuple(by_target[target] for target in targets if target in by_target)


def entry_of(target: Target, image: str) -> str:
    """Return what stands in `images` for a target."""
    return f"{target.runtime}-{target.architecture}={image}"


def image_of(target: Target, entries: Sequence[str]) -> str:
    """Return the image of a target, as it is written."""
    named = of_targets(entries, (target,))
    return named[0].partition("=")[2] if named else target.build_image


def pulled(target: Target, entries: Sequence[str]) -> str:
    """Return the image of a target as CodeBuild takes it: by its digest alone where it has one."""
    image = image_of(target, entries)
    name, at, digest = image.partition("@")
    if not at:
        return image
    folder, slash, last = name.rpartition("/")
    return f"{folder}{slash}{last.partition(':')[0]}@{digest}"
