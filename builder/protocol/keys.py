"""The keys of the application's bucket: where each object of a layer is."""

from __future__ import annotations

from dataclasses import dataclass

MANIFEST = "manifest.json"
ARCHIVE = "layer.zip"
"""What a build leaves below its artifact's folder; the worker names them so, too."""

PART_RECEIPT = "part.json"
PART_ARCHIVE = "part.zip"
"""What the build of one runtime's part leaves below its folder."""


LEFTOVERS = "_retired/"
"""The prefix of what is noted of retired layers: no layer's name begins with an underscore."""

PUSH_LOGS = "_push"
"""What streams of logs of pushes begin with: no build of a layer may write there."""


def push_project(project: str, layer: str) -> str:
    """Return the CodeBuild project that pushes a layer's image, by that of the layers' builds.

    Applications have no underscore, so that it is no other application's project.
    """
    return f"{project}_{layer}"


def leftovers(layer: str) -> str:
    """Return the key of the versions that are left of a retired layer."""
    return f"{LEFTOVERS}{layer}.json"


@dataclass(frozen=True)
class ArtifactKeys:
    """The keys of artifacts below one folder, in which each fingerprint has a folder."""

    folder: str

    def artifact(self, fingerprint: str) -> str:
        """The folder of a fingerprint's artifact."""
        return f"{self.folder}/{fingerprint}"

    def manifest(self, fingerprint: str) -> str:
        """The manifest of an artifact."""
        return f"{self.artifact(fingerprint)}/{MANIFEST}"

    def archive(self, fingerprint: str) -> str:
        """The zip of an artifact, which is published."""
        return f"{self.artifact(fingerprint)}/{ARCHIVE}"

    def document(self, fingerprint: str, name: str) -> str:
        """A lock or another document of an artifact, by the name that its manifest has."""
        return f"{self.artifact(fingerprint)}/{name}"


@dataclass(frozen=True)
class LayerKeys:
    """The keys of one layer's objects; folders are without a slash at the end.

    In a pattern of a policy ``*`` may stand for the layer, a fingerprint or a runtime.
    """

    layer: str

    @property
    def everything(self) -> str:
        """The prefix of all that the bucket holds of the layer."""
        return f"{self.layer}/"

    @property
    def record(self) -> str:
        """The record of its releases."""
        return f"{self.layer}/record.json"

    @property
    def approval(self) -> str:
        """The token that Terraform's apply has approved last."""
        return f"{self.layer}/approved"

    @property
    def inputs(self) -> str:
        """The folder of the inputs of each fingerprint."""
        return f"{self.layer}/inputs"

    def inputs_of(self, fingerprint: str) -> str:
        """What a fingerprint was made of."""
        return f"{self.inputs}/{fingerprint}.json"

    @property
    def requests(self) -> str:
        """The folder of the specs that builds were started for."""
        return f"{self.layer}/requests"

    def request(self, fingerprint: str) -> str:
        """The spec that a fingerprint's build was started for."""
        return f"{self.requests}/{fingerprint}.json"

    @property
    def bundles(self) -> str:
        """The folder of the bundles."""
        return f"{self.layer}/bundles"

    def bundle(self, fingerprint: str) -> str:
        """The bundle that CodeBuild gets."""
        return f"{self.bundles}/{fingerprint}.zip"

    @property
    def programs(self) -> str:
        """The folder of the programs that push its image; no build can write there."""
        return f"{self.layer}/pusher"

    def program(self, digest: str) -> str:
        """The program that pushes its image, by the SHA-256 (hex) of its zip."""
        return f"{self.programs}/{digest}.zip"

    @property
    def artifacts(self) -> str:
        """The folder of verified artifacts; no build can write there."""
        return f"{self.layer}/artifacts"

    @property
    def verified(self) -> ArtifactKeys:
        """The keys of verified artifacts."""
        return ArtifactKeys(self.artifacts)

    @property
    def built(self) -> str:
        """The folder in which builds leave what they made.

        Code of strangers can write there: nothing is trusted for being there.
        """
        return f"{self.layer}/built"

    @property
    def unverified(self) -> ArtifactKeys:
        """The keys of what builds left."""
        return ArtifactKeys(self.built)

    def parts(self, fingerprint: str) -> str:
        """The folder in which each runtime's part of an artifact has a folder of its own."""
        return f"{self.built}/{fingerprint}/parts"

    def part(self, fingerprint: str, runtime: str) -> str:
        """The folder of a runtime's part."""
        return f"{self.parts(fingerprint)}/{runtime}"

    def part_receipt(self, fingerprint: str, runtime: str) -> str:
        """The description of a part."""
        return f"{self.part(fingerprint, runtime)}/{PART_RECEIPT}"

    def part_archive(self, fingerprint: str, runtime: str) -> str:
        """The zip of a part, which is merged."""
        return f"{self.part(fingerprint, runtime)}/{PART_ARCHIVE}"

    @property
    def prunable(self) -> tuple[str, ...]:
        """The folders that hold something for each fingerprint, and nothing else."""
        return (self.artifacts, self.built, self.bundles, self.inputs, self.requests)

    def prefixes(self, fingerprint: str) -> tuple[str, ...]:
        """The prefixes of all that belongs to a fingerprint."""
        return tuple(f"{folder}/{fingerprint}" for folder in self.prunable)
