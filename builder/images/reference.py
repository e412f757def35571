"""References of images: ``registry/repository:tag@digest``.

Sources of the facts: the OCI distribution specification 1.1, "Pulling manifests" (names, tags and
digests), and the documentation of Docker, "docker image tag" (what stands for a registry).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from builder.images.errors import ImageError

HUB = "registry-1.docker.io"
"""Where images without a registry are."""
ALIASES = ("docker.io", "index.docker.io")

REPOSITORY = re.compile(r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*")
HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]{1,5})?")
TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")

PRIVATE = re.compile(r"^([0-9]{12})[.]dkr[.-]ecr(?:-fips)?[.]([a-z0-9-]+)[.][^/]+/([^:@]+)")
"""References to images in private registries of ECR: account, region and repository (Amazon ECR
user guide, "Private registry"). Terraform reads it as well, by the same rules."""

LONGEST = 255
"""Characters of a registry and a repository."""


@dataclass(frozen=True)
class Reference:
    """An image in a registry; ``tag`` and ``digest`` are "" where they are not said."""

    registry: str
    repository: str
    tag: str = ""
    digest: str = ""

    @property
    def name(self) -> str:
        """The repository with its registry."""
        return f"{self.registry}/{self.repository}"

    @property
    def version(self) -> str:
        """What a registry is asked for: the digest, which is exact, or else the tag."""
        return self.digest or self.tag or "latest"

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        return f"{self.name}{tag}" + (f"@{self.digest}" if self.digest else "")


def parse(text: str, where: str) -> Reference:
    """Return what a reference means; raise ImageError for what is none."""
    rest, _, digest = text.partition("@")
    registry, slash, path = rest.partition("/")
    if not slash or not ("." in registry or ":" in registry or registry == "localhost"):
        registry, path = HUB, rest if slash else f"library/{rest}"
    registry = HUB if registry in ALIASES else registry
    repository, colon, tag = path.partition(":")
    is_right = (
        HOST.fullmatch(registry)
        and REPOSITORY.fullmatch(repository)
        and len(registry) + len(repository) < LONGEST
        and (TAG.fullmatch(tag) if colon else True)
        and (DIGEST.fullmatch(digest) if "@" in text else True)
    )
    if not is_right:
        raise ImageError(
            f"{text!r:.300} names no image",
            where=where,
            expected="REGISTRY/REPOSITORY, with :TAG, @sha256:DIGEST or both behind it",
            fix="for example public.ecr.aws/lambda/python:3.13",
        )
    return Reference(registry, repository, tag, digest)
