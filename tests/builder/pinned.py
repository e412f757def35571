"""Layers whose fingerprint, request and spec are pinned: what Terraform's state holds of them."""

from __future__ import annotations

from dataclasses import dataclass

from builder.inputs.source_files import SourceFile
from builder.spec.layer_spec import CodeArtifact, Index, LayerSpec
from tests.builder.conftest import spec_of

FILES = (
    SourceFile("src/pyproject.toml", "a" * 64, executable=False),
    SourceFile("src/run.sh", "b" * 64, executable=True),
)

LAYERS: dict[str, LayerSpec] = {
    "dependencies alone": spec_of(dependencies=("rich>=14", "attrs")),
    "a package": spec_of(package="src", extras=("b", "a"), exclude=("tests/", "*.md", "!a.md")),
    "requirements files": spec_of(requirements=("b.txt", "a.txt"), architecture="x86_64"),
    "several runtimes": spec_of(python=("3.13", "3.9", "3.10"), slim=("tests", "docs")),
    "nothing slim": spec_of(slim=()),
    "what changes no byte": spec_of(description="für alle", functions=("api", "*"), keep=3),
    "everything": spec_of(
        "all",
        package="src",
        requirements=("b.txt", "a.txt"),
        dependencies=("rich>=14", "attrs"),
        extras=("b", "a"),
        python=("3.14", "3.12"),
        architecture="x86_64",
        description="für alle",
        exclude=("tests/", "*.md"),
        slim=("symbols", "boto"),
        functions=("api",),
        may_fail=("web.gui", "a"),
        system_packages=("libxml2-devel", "gcc-c++"),
        pre_install="src/run.sh",
        include=("lib", "bin"),
        indexes=(
            Index("house", "https://packages.example.com/simple", "ci", "pypi/ci:password"),
            Index(
                "shop",
                codeartifact=CodeArtifact("shop", "123456789012", "python", "eu-west-1"),
                default=True,
            ),
        ),
        keep=5,
    ),
}


SPEC_KEYS = (
    *("architecture", "dependencies", "description", "exclude", "extras", "functions", "include"),
    *("indexes", "keep", "may_fail", "name", "package", "pre_install", "python", "requirements"),
    *("schema", "slim", "system_packages"),
)
REQUEST_KEYS = (
    *("dependencies", "exclude", "extras", "fingerprint", "include", "indexes", "layer"),
    *("may_fail", "package", "pre_install", "requirements", "schema", "slim", "system_packages"),
    *("targets",),
)
"""The keys that the pinned documents have; later ones may come beside them."""


@dataclass(frozen=True)
class Pin:
    """What must stay: the fingerprint, and SHA-256 of request.json and of the spec's JSON.

    The fingerprint is that of FILES and of a worker whose version is all zeros. With another one
    the layers of all users are built again: change a fingerprint only where that is meant.
    """

    fingerprint: str
    request: str
    spec: str


PINS = {
    "dependencies alone": Pin(
        "f86f8c572e78b54e9e25e86b961729a398bc91e62632b46b87823f88b5a01295",
        "6f6442b7df6c78f93f5db43df425bb508a7842fa6d098c251c61bd364977939b",
        "00b5de5b0971e5229fe0d97f70ef08487626f12059ccdd7e46df6f4dbf2185e2",
    ),
    "a package": Pin(
        "a4451f8a00b9445dad7dc70c024f22bf845aebf472253edcbd8bde33b8212699",
        "dbbcc0202c8c2f74075bbcd3b0d57bfa6710c1ec6c0163f212d724c080516eb0",
        "f66a0fa9106beff9f920263ba8c259d58d2f3f3e2c4e55071ec6f1d718bb0cf9",
    ),
    "requirements files": Pin(
        "1b73e34c598d86d57407f910e96a3229da67d10668c7e0468627b5576375d2ed",
        "42b2a8e142d0eab57984482a0b7ed919fa987df3235f994fcfb6580fe9bd1357",
        "3d34e280b785e8ed4b95c7408f79cc89f6ff9c71556705d79c729485c88584a8",
    ),
    "several runtimes": Pin(
        "3e2d664346a428b8502187390adf42da0631127af8ccd124e990443ea178514e",
        "0b28904ac6b28db3f344ea6c24be0812505473a2a6823060cd1f1388e9ea9ab4",
        "04de99eea46b0758a5a254787893275b621b259396bee574dd9f71a96f263fa6",
    ),
    "nothing slim": Pin(
        "9d9e8f9f63109b0c31e2d966f6d1703f0ddfac78fc196e30fec7a05543c6804b",
        "f03e2c9880628a4acefe124aa7ad53531ec62c0761c35348edf857cf60faea8e",
        "0d82f71fd31bf837ffa62505c29a991dc1998e8cb9d47ac468e394ed2b8799ee",
    ),
    "what changes no byte": Pin(
        "441461c4155c5460cc99c105d65a512a67ed3091ca686e77f150ecd894e802d5",
        "e8d5c4429370e9e9a14e32b1ed17acfab438d46a5750f91d005146b01acd1421",
        "d6b28dddf5c2b3e5b8e9f64237cc65a7428830ee3e6dc0bf642a4ffb6d9c9c04",
    ),
    "everything": Pin(
        "6a3bb16990dab95305de136c0863e53aed9cd3de1e7df49f429335f3f6622453",
        "c61d40cd68aaa969ee42f30778c3c1934b17c1d7f8450963149d406e870acc93",
        "eac1f8c5eaddba71067d698f504efdeac01c8ddb8e171c6c030c12649cf099f7",
    ),
}
