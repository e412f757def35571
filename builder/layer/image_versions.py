"""The versions of a layer that is a container image: what Lambda's layers are for others.

A version is an image in the layer's own repository, whose tags stay what they are. Its tag is
``FINGERPRINT-N``, of the token that it was published for, its number N. Its ARN is the
repository's with that number: AWS knows no ARNs of images, functions name them by digest.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from builder.aws.functions import Functions, Use, Uses
from builder.aws.images import Images, Registries, TaggedImage
from builder.aws.layers import LayerVersion, Versions
from builder.aws.services import Services
from builder.aws.store import Store
from builder.aws.tasks import Clusters
from builder.errors import ArtifactError, ConflictError, LayerError
from builder.images import layer as layers
from builder.images.errors import ImageError
from builder.images.opt import BELOW, paths_on
from builder.images.push import Pushed, base_of, find, push
from builder.images.reference import Reference, parse
from builder.images.registry import Registry
from builder.layer.image_services import services_with
from builder.layer.site import Site
from builder.layer.token import Token
from builder.room import working_folder
from builder.spec.runtimes import IMAGE_LIMIT, Target

LAMBDA_BASE = "public.ecr.aws/lambda/python:{python}"
"""AWS Lambda developer guide, "Using an AWS base image for Python"."""

TOKEN, APP = "fast-lambda-layer.token", "fast-lambda-layer.app"
CODE = "fast-lambda-layer.code-sha256"
"""Labels: the approval that an image came of, whose it is, and the hash of the zip in it."""

TAG = re.compile(r"(?P<fingerprint>[0-9a-f]{64})-(?P<number>[1-9][0-9]{0,8})")


def with_images(
    site: Site, services: Services, base: str = "", *, supervisor: bool = False
) -> Services:
    """Return services whose layers are the images of a site's repository.

    With ``supervisor`` hybrid services may have them, too.
    """
    versions = ImageVersions(
        site,
        services.store,
        services.images,
        services.registries,
        services.layers,
        base,
    )
    functions = _Functions(services.functions, versions, has_services=supervisor)
    return replace(services, layers=versions, functions=functions)


@dataclass(frozen=True)
class ImageVersions(Versions):
    """The images of a layer; ``base`` is what they are built on, "" for Lambda's own.

    ``others`` are the layers in Lambda: a release lists and deletes what retired ones have left.
    A push ends with who pushes: an image is there once its manifest is, which is sent last.
    """

    outlives_caller = False

    site: Site
    store: Store
    images: Images
    registries: Registries
    others: Versions
    base: str = ""

    def publish(
        self,
        name: str,
        *,
        bucket: str,
        key: str,
        object_version: str,
        targets: tuple[Target, ...],
        description: str,
        token: str,
        app: str,
    ) -> LayerVersion:
        """Push an image of one version of a zip in S3; return the one that is there already.

        Nothing of the zip is run. Raise LayerError; what was uploaded by then stays, and another
        try goes on from there.
        """
        del description  # an image has none
        (target,) = targets
        asked = Token.parse(token)
        assert asked is not None
        self._refuse_taken(name, asked)
        into = Reference(self.registries.registry(), name, f"{asked.fingerprint}-{asked.number}")
        registry = self._connect(into.registry)
        with working_folder() as made:
            archive = made / "layer.zip"
            code = self.store.download(key, object_version, archive)
            labels = {TOKEN: token, APP: app, CODE: code}
            there = find(into, registry)
            if there is not None and _ours(there.labels) != _ours(labels):
                raise _other_image(str(into))
            if there is None:
                there = self._push(archive, target, into, registry, labels)
        found = TaggedImage(there.reference.digest, (into.tag,))
        return replace(self._version(name, found, asked), code_sha256=code, app=app)

    def _push(
        self,
        archive: Path,
        target: Target,
        into: Reference,
        registry: Registry,
        labels: Mapping[str, str],
    ) -> Pushed:
        reference = parse(self.base or LAMBDA_BASE.format(python=target.python), "key 'base'")
        base = base_of(reference, target.architecture, self._connect(reference.registry))
        written = layers.write(archive, archive.with_name("layer.tar.gz"), below=BELOW)
        if base.manifest.size + written.unpacked > IMAGE_LIMIT:
            raise ImageError(
                f"the image has more than {base.manifest.size + written.unpacked:,} bytes",
                where=f"{into.repository}, on {reference}",
                expected=f"at most {IMAGE_LIMIT:,} bytes, unzipped, with the base",
                fix="leave out packages, or use a smaller base",
            )
        return push(
            base,
            written,
            into,
            registry,
            paths=paths_on(base),
            labels=labels,
            progress=lambda _line: None,
        )

    def _refuse_taken(self, name: str, token: Token) -> None:
        """Raise ConflictError where the number is another fingerprint's."""
        there = self._one(name, token.number)
        if there is not None and there.token != str(token):
            raise ConflictError(
                f"image {token.number} of {name} is of other sources",
                where=there.arn,
                expected="a number that no image has; the record may have been lost",
                fix="plan and apply again: each build takes the next number",
            )

    def get(self, arn: str) -> LayerVersion | None:
        """Return a version by its ARN, or None if it was deleted."""
        number = arn.removeprefix(f"{self.site.layer_arn}:")
        if not number.isdecimal():
            return None
        found = self._one(self.site.layer_name, int(number))
        if found is None:
            return None
        _, _, digest = found.image_uri.partition("@")
        registry = self.registries.registry()
        there = find(Reference(registry, self.site.layer_name, "", digest), self._connect(registry))
        if there is None:
            return None
        labels = there.labels
        return replace(found, code_sha256=labels.get(CODE, ""), app=labels.get(APP, found.app))

    def versions(self, name: str) -> Iterator[LayerVersion]:
        """Yield the images of our tags, newest first, without the hash of what is in them."""
        if name != self.site.layer_name:
            yield from self.others.versions(name)
            return
        for image in self.images.tagged(name):
            for tag in image.tags:
                if (found := TAG.fullmatch(tag)) is not None:
                    token = Token(found["fingerprint"], int(found["number"]))
                    yield self._version(name, image, token)

    def download(self, arn: str, into: Path) -> LayerVersion:
        """Raise LayerError: of an image there is no zip to be had."""
        del into
        raise LayerError(
            f"{arn} is an image, and no layer version",
            where=f"repository {self.site.layer_name}",
            expected="a layer that Lambda has, whose zip can be compared",
            fix="compare the zip in the bucket: lambda-layer get NAME all, then verify --folder",
        )

    def shared_with(self, name: str, version: int) -> set[str]:
        """Return nobody: who may pull is the repository's policy."""
        return set()

    def granted(self, name: str, version: int) -> list[str]:
        """Return nobody, as :meth:`shared_with` does."""
        return []

    def share(self, name: str, version: int, whom: str) -> None:
        """Do nothing: the spec refuses ``share`` for images."""

    def unshare(self, name: str, version: int, whom: str) -> None:
        """Do nothing: nobody was given it."""

    def delete(self, name: str, version: int) -> None:
        """Delete an image; one that is gone already is fine."""
        if name != self.site.layer_name:
            self.others.delete(name, version)
            return
        digests = [v.image_uri.partition("@")[2] for v in self._numbered(name, version)]
        self.images.delete(name, digests)

    def _one(self, name: str, number: int) -> LayerVersion | None:
        return next(self._numbered(name, number), None)

    def _numbered(self, name: str, number: int) -> Iterator[LayerVersion]:
        return (version for version in self.versions(name) if version.version == number)

    def _version(self, name: str, image: TaggedImage, token: Token) -> LayerVersion:
        return LayerVersion(
            arn=f"{self.site.layer_arn}:{token.number}",
            version=token.number,
            token=str(token),
            code_size=image.size,
            # The repository is the application's own: see AppSpec.repository.
            app=name.partition("/")[0],
            created=image.pushed,
            image_uri=f"{self.registries.registry()}/{name}@{image.digest}",
        )

    def _connect(self, registry: str) -> Registry:
        if not Registries.has(registry):
            return Registry(registry)
        found = self.registries.log_in(registry)
        return Registry(registry, login=found.login, url=found.url)


class _Functions(Functions):
    """Functions, with the images of a layer among what they have, and the services that do."""

    def __init__(
        self, functions: Functions, versions: ImageVersions, *, has_services: bool
    ) -> None:
        super().__init__(functions.session)
        self._versions = versions
        self._has_services = has_services

    def uses(self, *, published: bool = True) -> Uses:
        """Return which functions have which layers, and which images of this one."""
        listed = super().uses(published=published)
        versions = self._versions
        own = versions.versions(versions.site.layer_name)
        known = {_in_registry(version.image_uri): version.arn for version in own}
        found = [
            Use(name, qualifier, known[_in_registry(uri)], arn=arn)
            for name, qualifier, arn, uri in self.images(published=published)
            if _in_registry(uri) in known
        ]
        if self._has_services:
            app = versions.site.layer_name.partition("/")[0]
            found += services_with(Clusters(self.session), app, known)
        used = {versions.site.layer_arn: sorted(found)} if found else {}
        return Uses(listed.published, {**listed.by_layer, **used})


def _in_registry(uri: str) -> str:
    """Return repository and digest: a registry has several names, IPv4 and dual-stack."""
    return uri.partition("/")[2]


def _ours(labels: Mapping[str, str]) -> dict[str, str | None]:
    return {name: labels.get(name) for name in (TOKEN, APP, CODE)}


def _other_image(where: str) -> ArtifactError:
    return ArtifactError(
        "an image of this approval is there, and has other bytes",
        where=where,
        expected="an image of the artifact that was verified",
        fix="look who pushes into the repository; delete the image, then plan and apply again",
    )
