"""The versions of a layer that is a container image: what Lambda's layers are for others.

A version is an image in the layer's own repository, whose tags stay what they are. Its tag is
``FINGERPRINT-N``, of the token that it was published for, its number N. Its ARN is the
repository's with that number: AWS knows no ARNs of images, functions name them by digest.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from builder.aws.functions import Functions, Use, Uses
from builder.aws.images import Images, Registries, TaggedImage
from builder.aws.layers import LayerVersion, Versions
from builder.aws.services import Services
from builder.aws.tasks import Clusters
from builder.errors import ArtifactError, LayerError
from builder.images.labels import APP, CODE, TOKEN, check_labels
from builder.images.push import find
from builder.images.reference import Reference
from builder.images.registry import Registry
from builder.layer.image_services import services_with
from builder.layer.site import Site
from builder.layer.token import Token
from builder.spec.runtimes import Target

TAG = re.compile(r"(?P<fingerprint>[0-9a-f]{64})-(?P<number>[1-9][0-9]{0,8})")


def with_images(
    site: Site, services: Services, architecture: str = "", *, supervisor: bool = False
) -> Services:
    """Return services whose layers are the images of a site's repository.

    With ``supervisor`` hybrid services may have them, too.
    """
    place = (site, services.images, services.registries, services.layers)
    versions = ImageVersions(*place, architecture)
    functions = _Functions(services.functions, versions, has_services=supervisor)
    return replace(services, layers=versions, functions=functions)


@dataclass(frozen=True)
class ImageVersions(Versions):
    """The images of a layer.

    ``architecture`` is what they are for, "" where that is of no interest. ``others`` are the
    layers in Lambda: a release lists and deletes what retired ones have left. An image is there
    once its manifest is, which a push sends last.
    """

    outlives_caller = False

    site: Site
    images: Images
    registries: Registries
    others: Versions
    architecture: str = ""

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
        """Return the image that a build has pushed for a token (builds/push.py).

        It is read back: raise ArtifactError unless it says that it is of this approval, and is for
        the target's machine. The caller judges what zip is in it.
        """
        del bucket, key, object_version, description  # the build was told of them
        (target,) = targets
        asked = Token.parse(token)
        assert asked is not None
        tag = asked.tag
        into = Reference(self.registries.registry(), name, tag)
        there = find(into, self._connect(into.registry))
        if there is None or there.architecture != target.architecture:
            raise ArtifactError(
                f"there is no image {tag} for {target.architecture}",
                where=f"repository {name}",
                expected="what the push of this approval has left",
                fix="plan and apply again: it is pushed anew",
            )
        check_labels(there.labels, {TOKEN: token, APP: app}, str(into))
        found = TaggedImage(there.reference.digest, (tag,))
        code = there.labels.get(CODE, "")
        return replace(self._version(name, found, asked), code_sha256=code, app=app)

    def get(self, arn: str) -> LayerVersion | None:
        """Return a version by its ARN, or None if it was deleted, or is for another machine."""
        number = arn.removeprefix(f"{self.site.layer_arn}:")
        if not number.isdecimal():
            return None
        found = self._one(self.site.layer_name, int(number))
        if found is None:
            return None
        _, _, digest = found.image_uri.partition("@")
        registry = self.registries.registry()
        there = find(Reference(registry, self.site.layer_name, "", digest), self._connect(registry))
        if there is None or (self.architecture and there.architecture != self.architecture):
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
        known = {name: version.arn for version in own for name in _names(version)}
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


def _names(version: LayerVersion) -> Iterator[str]:
    """Yield how an image may be named in its registry: by digest and by its tag."""
    by_digest = _in_registry(version.image_uri)
    yield by_digest
    if (token := Token.parse(version.token)) is not None:
        yield f"{by_digest.partition('@')[0]}:{token.tag}"


def _in_registry(uri: str) -> str:
    """Return what follows the registry, which has several names, IPv4 and dual-stack."""
    return uri.partition("/")[2]
