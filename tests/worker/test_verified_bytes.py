"""Every byte of a signed artifact's folder is changed: it is noticed, or the same is still said."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from builder.builds import attestation
from builder.builds.artifact import parse_manifest
from builder.builds.attestation import Envelope
from builder.errors import LayerError
from builder.operations.proof import PROVEN, WRONG, Finding
from builder.operations.verify import verify_folder

NAME, PROJECT = "sample", "arn:aws:codebuild:eu-central-1:123456789012:project/shop-layers"


def signed(folder: Path) -> Path:
    """Sign what a build has left, as a publisher does; return its public key."""
    key = ec.generate_private_key(ec.SECP256R1())
    document = (folder / "manifest.json").read_bytes()
    manifest = parse_manifest(document, "manifest.json")
    payload = attestation.statement(NAME, PROJECT, manifest, document)
    signature = key.sign(attestation.pae(payload), ec.ECDSA(SHA256()))
    (folder / attestation.FILE).write_bytes(Envelope(payload, "key", signature).to_json())
    file = folder.parent / "key.der"
    info = PublicFormat.SubjectPublicKeyInfo
    file.write_bytes(key.public_key().public_bytes(Encoding.DER, info))
    return file


def changed(content: bytes, place: int) -> bytes:
    """Return the content with one bit changed, another one at each place; past its end, cut off."""
    if place >= len(content):
        return content[:-1]
    other = bytearray(content)
    other[place] ^= 1 << place % 8
    return bytes(other)


def findings(folder: Path, key: Path) -> list[Finding] | None:
    """Return what is found in a folder, None where it is refused altogether."""
    try:
        return verify_folder(folder, key, NAME)
    except LayerError:
        return None


@pytest.fixture
def key(built: Path) -> Path:
    """Sign the folder, in which all is right until a byte is changed."""
    key = signed(built)
    found = findings(built, key)
    assert found
    assert WRONG not in {each.verdict for each in found}
    assert PROVEN in {each.verdict for each in found if each.subject == "signature"}
    return key


@pytest.mark.slow
def test_each_byte_of_the_archive_and_its_documents_is_proven_by_its_hash(
    built: Path, key: Path
) -> None:
    names = sorted({file.name for file in built.iterdir()} - {"manifest.json", attestation.FILE})
    contents = {name: (built / name).read_bytes() for name in names}
    subjects = {"manifest" if name == "layer.zip" else name for name in names}
    assert len(subjects) == 4

    steps = len(contents["layer.zip"])
    for place in range(steps + 1):
        for name, content in contents.items():  # each has a subject: all at once
            other = changed(content, place)
            for more in range(place + steps, len(content), steps):
                other = changed(other, more)
            (built / name).write_bytes(other)
        found = findings(built, key) or []
        assert {f.subject for f in found if f.verdict == WRONG} >= subjects, place


@pytest.mark.slow
def test_each_byte_of_the_manifest_is_proven_by_the_signature(built: Path, key: Path) -> None:
    file = built / "manifest.json"
    content = file.read_bytes()

    for place in range(len(content) + 1):
        file.write_bytes(changed(content, place))
        found = findings(built, key)
        judged = {f.verdict for f in found or () if f.subject == "signature"}
        assert found is None or judged == {WRONG}, place


@pytest.mark.slow
def test_a_byte_of_the_envelope_that_is_not_noticed_says_nothing(built: Path, key: Path) -> None:
    # DSSE does not sign the name of the key and the spaces between values, and the last character
    # before the end of base64 has bits that no byte has.
    before, file = findings(built, key), built / attestation.FILE
    content = file.read_bytes()
    good, unnoticed = Envelope.from_json(content), 0

    for place in range(len(content) + 1):
        for other in (changed(content, place), content[:place] + content[place + 1 :]):
            file.write_bytes(other)
            found = findings(built, key)
            if found is None or any(f.verdict == WRONG for f in found):
                continue
            there = Envelope.from_json(other)
            assert (there.payload, there.signature) == (good.payload, good.signature), place
            assert found == before, place
            unnoticed += 1

    assert 0 < unnoticed < 60


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('"payload": "', '"payload": "!'),
        ('"sig": "', '"sig": "!'),
        ('"payloadType": "application/', '"payloadType": "text/'),
        ("    }\n  ]", '    },\n    {"keyid": "other", "sig": "AAAA"}\n  ]'),
    ],
)
def test_an_envelope_of_another_form_is_wrong(
    built: Path, key: Path, before: str, after: str
) -> None:
    """Also one whose payload and signature some readers would find in it."""
    file = built / attestation.FILE
    content = file.read_text()
    assert content.count(before) == 1
    file.write_text(content.replace(before, after))

    found = findings(built, key) or []

    assert [f.verdict for f in found if f.subject == "signature"] == [WRONG]
