"""`lambda-layer verify`: whether what Lambda has is what its documents say."""

from __future__ import annotations

from pathlib import Path

import click

from builder.commands.options import Setting, as_json, layer_name, pass_setting
from builder.operations.verify import verify_folder, verify_release
from builder.report.verify import show_proof


@click.command()
@layer_name
@click.argument("version", metavar="[VERSION]", type=click.IntRange(min=1), required=False)
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Compare layer.zip and the documents in a folder, without AWS.",
)
@click.option(
    "--public-key",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="The publisher's public key, PEM or DER; default: KMS is asked for signing_key's.",
)
@as_json
@pass_setting
def verify(
    setting: Setting,
    name: str,
    version: int | None,
    *,
    folder: Path | None,
    public_key: Path | None,
    as_json: bool,
) -> None:
    """Download a version of a layer and compare it with manifest, SBOM, provenance and lock.

    It says what was proven, what was not, and what is wrong: then it ends with exit code 1.

    \b
    Example: lambda-layer verify web 7
    """
    if folder is not None:
        show_proof(name, None, verify_folder(folder, public_key, name), as_json=as_json)
        return
    (layer,) = setting.layers((name,))
    release, found = verify_release(layer, version, public_key)
    show_proof(layer.name, release.version, found, as_json=as_json)
