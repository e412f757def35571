"""Releases that are signed by who publishes them."""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from securesystemslib import dsse
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import SSlibKey  # type: ignore[attr-defined]  # exported in its docs

from builder.builds.attestation import FILE
from builder.errors import AwsError, Denied
from builder.layer.layer import Layer
from builder.operations.proof import PROVEN, UNPROVEN, WRONG
from builder.operations.verify import verify_folder, verify_release
from builder.protocol.keys import ARCHIVE, MANIFEST, LayerKeys
from tests.builder.conftest import World
from tests.builder.publishing import begin, last, publisher
from tests.patience import PATIENCE


def new_key(world: World) -> str:
    kms = world.aws.client("kms")
    made = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")
    return str(made["KeyMetadata"]["Arn"])


def signing(world: World, key: str, **fields: Any) -> Layer:
    layer = world.layer(**fields)
    return replace(layer, site=replace(layer.site, signing_key=key))


def copied(world: World, fingerprint: str, folder: Path) -> Path:
    """Copy an artifact's folder from the bucket, as people do before they look without AWS."""
    folder.mkdir()
    place = LayerKeys("web").verified.artifact(fingerprint)
    for name in world.keys(f"{place}/"):
        (folder / name.rpartition("/")[2]).write_bytes(world.read(name))
    return folder


def public_key(world: World, key: str, folder: Path) -> Path:
    der = world.aws.client("kms").get_public_key(KeyId=key)["PublicKey"]
    file = folder / "key.pem"
    text = base64.encodebytes(der).decode()
    file.write_text(f"-----BEGIN PUBLIC KEY-----\n{text}-----END PUBLIC KEY-----\n")
    return file


def signature_of(folder: Path, key: Path | None) -> tuple[str, str]:
    (found,) = (f for f in verify_folder(folder, key) if f.subject == "signature")
    return found.verdict, found.seen


def test_without_a_key_nothing_is_signed(world: World, tmp_path: Path) -> None:
    release = world.release()
    folder = copied(world, release.fingerprint, tmp_path / "copy")

    assert not (folder / FILE).exists()
    assert signature_of(folder, None)[0] == UNPROVEN


def test_a_release_is_signed_and_openssl_says_so(world: World, tmp_path: Path) -> None:
    key = new_key(world)
    release = world.release(signing(world, key))
    folder = copied(world, release.fingerprint, tmp_path / "copy")
    pem = public_key(world, key, tmp_path)

    envelope = json.loads((folder / FILE).read_text())
    payload = base64.b64decode(envelope["payload"])
    (signature,) = envelope["signatures"]
    kind = envelope["payloadType"]
    # Written out from DSSE's page, and not with what is tested.
    signed = b"DSSEv1 %d %b %d %b" % (len(kind), kind.encode(), len(payload), payload)
    (tmp_path / "signed").write_bytes(signed)
    (tmp_path / "sig").write_bytes(base64.b64decode(signature["sig"]))
    command = ["openssl", "dgst", "-sha256", "-verify", str(pem), "-signature"]
    done = subprocess.run(
        [*command, str(tmp_path / "sig"), str(tmp_path / "signed")],
        capture_output=True,
        timeout=PATIENCE,
        check=False,
    )

    assert done.stdout == b"Verified OK\n", done.stderr
    statement = json.loads(payload)
    archive = hashlib.sha256((folder / ARCHIVE).read_bytes()).hexdigest()
    assert statement["subject"] == [{"name": "layer.zip", "digest": {"sha256": archive}}]
    run = statement["predicate"]["runDetails"]
    assert run["builder"]["id"] == signing(world, key).site.project_arn
    assert run["metadata"]["invocationId"] == release.build_id
    asked = statement["predicate"]["buildDefinition"]
    assert asked["externalParameters"] == {"layer": "web", "fingerprint": release.fingerprint}
    source = {"name": "source", "digest": {"sha256": release.fingerprint}}
    assert asked["resolvedDependencies"] == [source]
    digests = {each["name"]: each["digest"]["sha256"] for each in run["byproducts"]}
    assert digests == {
        file.name: hashlib.sha256(file.read_bytes()).hexdigest()
        for file in folder.iterdir()
        if file.name not in (ARCHIVE, FILE)
    }
    assert signature_of(folder, pem)[0] == PROVEN
    assert signature_of(folder, None) == (
        UNPROVEN,
        f"signed by {key}: give the key with --public-key",
    )


def test_another_implementation_of_dsse_finds_the_signature_good(
    world: World, tmp_path: Path
) -> None:
    # securesystemslib has DSSE for in-toto and TUF; nothing of it is ours.
    key = new_key(world)
    release = world.release(signing(world, key))
    content = world.read(LayerKeys("web").verified.document(release.fingerprint, FILE))
    pem = public_key(world, key, tmp_path).read_bytes()
    theirs = SSlibKey.from_crypto(load_pem_public_key(pem), keyid=key)

    envelope = dsse.Envelope.from_dict(json.loads(content))
    assert envelope.verify([theirs], threshold=1) == {key: theirs}
    assert envelope.payload_type == "application/vnd.in-toto+json"

    changed = dsse.Envelope.from_dict(json.loads(content))
    changed.payload = changed.payload.replace(b'"web"', b'"app"')
    with pytest.raises(VerificationError):
        changed.verify([theirs], threshold=1)
    other = public_key(world, new_key(world), tmp_path).read_bytes()
    with pytest.raises(VerificationError):
        envelope.verify([SSlibKey.from_crypto(load_pem_public_key(other), keyid=key)], threshold=1)


def test_verify_asks_kms_for_the_key_of_the_application(world: World) -> None:
    key = new_key(world)
    world.release(signing(world, key))

    _, found = verify_release(signing(world, key))

    assert {f.subject: f.verdict for f in found}["signature"] == PROVEN


def test_what_was_changed_after_it_was_signed_is_wrong(world: World, tmp_path: Path) -> None:
    key = new_key(world)
    release = world.release(signing(world, key))
    pem = public_key(world, key, tmp_path)
    manifest = copied(world, release.fingerprint, tmp_path / "manifest") / MANIFEST
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "confined": True}))
    other = copied(world, release.fingerprint, tmp_path / "other")
    unsigned = copied(world, release.fingerprint, tmp_path / "unsigned")
    (unsigned / FILE).unlink()

    assert signature_of(manifest.parent, pem)[0] == WRONG
    assert signature_of(other, public_key(world, new_key(world), other)) == (
        WRONG,
        "it is not of this key",
    )
    (found,) = (f for f in verify_folder(other, pem, "other") if f.subject == "signature")
    assert (found.verdict, "it is about layer 'web'" in found.seen) == (WRONG, True)
    assert signature_of(unsigned, pem) == (WRONG, "a key was given, and nothing is signed")


def test_a_release_that_could_not_be_signed_is_signed_by_the_next_apply(world: World) -> None:
    key = new_key(world)
    with pytest.raises(AwsError):
        world.release(signing(world, key.replace(":key/", ":key/0")))
    assert world.layer().records.load_or_new().current is None

    release = world.release(signing(world, key))

    assert (world.versions(), len(world.builds())) == ([1], 1)
    assert world.read(LayerKeys("web").verified.document(release.fingerprint, FILE))


def test_who_publishes_needs_the_right_to_sign(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = new_key(world)
    world.become(monkeypatch, "s3:*", "codebuild:*", "lambda:*", "logs:*", "iam:PassRole", "sts:*")

    with pytest.raises(Denied, match="kms:Sign"):
        world.release(signing(world, key))


def test_the_publisher_function_signs(world: World) -> None:
    key = new_key(world)
    begin(world)

    outcome = publisher(world, signing_key=key).answer(last(world))

    assert outcome.what == "released"
    fingerprint = world.layer().fingerprint
    assert world.read(LayerKeys("web").verified.document(fingerprint, FILE))
