from __future__ import annotations

from pathlib import Path

import pytest

from builder.images.errors import RegistryError
from builder.images.manifest import Descriptor, digest_of
from builder.images.reference import Reference
from builder.images.registry import PAUSES, Registry
from tests.builder.images.conftest import Start
from tests.registry import Registry as Served

BLOB = b"some bytes" * 1000
WANTED = Descriptor("", digest_of(BLOB), len(BLOB))


def client(served: Served, login: str = "") -> Registry:
    return Registry(served.host, login=login, sleep=lambda _: None)


def test_anyone_reads_with_a_token_that_is_asked_for(start: Start, tmp_path: Path) -> None:
    served = start(auth="bearer")
    served.put("a/b", BLOB)
    client(served).download("a/b", WANTED, tmp_path / "blob")
    assert (tmp_path / "blob").read_bytes() == BLOB


def test_a_login_goes_to_the_registry_and_nowhere_else(start: Start, tmp_path: Path) -> None:
    served, bucket = start(auth="AWS:secret"), start()
    for each in (served, bucket):
        each.put("a", BLOB)
    served.bucket = bucket
    client(served, "AWS:secret").download("a", WANTED, tmp_path / "blob")
    assert (tmp_path / "blob").read_bytes() == BLOB
    assert served.asked[-1][2].startswith("Basic ")
    assert [authorization for *_, authorization in bucket.asked] == [""]


def test_a_token_is_asked_for_without_the_login(start: Start) -> None:
    served = start(auth="bearer")
    served.put("a", BLOB)
    assert client(served, "AWS:secret").has("a", WANTED.digest)
    assert not any("Basic" in authorization for *_, authorization in served.asked)


def test_a_refused_login_is_said(start: Start) -> None:
    served = start(auth="AWS:secret")
    served.put("a", BLOB)
    for login in ("", "AWS:wrong"):
        with pytest.raises(RegistryError, match="status 401") as caught:
            client(served, login).has("a", WANTED.digest)
        assert "wrong" not in str(caught.value)


def test_other_bytes_than_those_of_the_digest_do_not_come_through(
    start: Start, tmp_path: Path
) -> None:
    served = start()
    served.repositories.add("a")
    for other in (BLOB[:-1] + b"!", BLOB + b"more", BLOB[:-1]):
        served.blobs["a", WANTED.digest] = other
        with pytest.raises(RegistryError, match="not those of"):
            client(served).download("a", WANTED, tmp_path / "blob")
        with pytest.raises(RegistryError, match="has sent"):
            client(served).document("a", WANTED)


def test_a_manifest_of_a_digest_is_checked(start: Start) -> None:
    served = start()
    served.tag("a", "1", {"some": "document"})
    wrong = "sha256:" + "00" * 32
    served.manifests["a", wrong] = served.manifests["a", "1"]
    with pytest.raises(RegistryError, match="has sent"):
        client(served).manifest(Reference(served.host, "a", "", wrong))


def test_a_blob_is_uploaded_once(start: Start, tmp_path: Path) -> None:
    served = start()
    served.repositories.add("a")
    (tmp_path / "blob").write_bytes(BLOB)
    assert client(served).upload("a", WANTED.digest, tmp_path / "blob")
    assert served.blobs["a", WANTED.digest] == BLOB
    before = len(served.asked)
    assert not client(served).upload("a", WANTED.digest, tmp_path / "blob")
    assert [method for method, *_ in served.asked[before:]] == ["HEAD"]


def test_what_breaks_off_is_tried_again(start: Start, tmp_path: Path) -> None:
    served = start()
    served.put("a", BLOB)
    served.repositories.add("b")
    served.breaks, served.busy = 2, 1
    client(served).download("a", WANTED, tmp_path / "blob")
    assert (tmp_path / "blob").read_bytes() == BLOB
    served.breaks, served.busy = 2, 1
    assert client(served).upload("b", WANTED.digest, tmp_path / "blob")
    assert served.blobs["b", WANTED.digest] == BLOB


def test_a_disk_that_is_full_is_no_fault_of_the_registry(start: Start) -> None:
    served = start()
    served.put("a", BLOB)

    with pytest.raises(OSError, match="No space left on device"):
        client(served).download("a", WANTED, Path("/dev/full"))

    assert [method for method, *_ in served.asked] == ["GET"]


def test_a_registry_that_stays_away_is_said_after_some_tries(start: Start) -> None:
    served = start()
    served.put("a", BLOB)
    served.busy = 100
    pauses: list[float] = []
    with pytest.raises(RegistryError, match="status 503"):
        Registry(served.host, sleep=pauses.append).has("a", WANTED.digest)
    assert pauses == list(PAUSES)


@pytest.mark.parametrize("status", [201, 202, 204])
def test_a_part_is_taken_with_whatever_registries_say_then(start: Start, status: int) -> None:
    served = start()
    served.repositories.add("a")
    served.taken = status
    assert client(served).upload("a", WANTED.digest, BLOB)


@pytest.mark.parametrize(
    "token",
    [b"", b"[]", b"{}", b'{"token": 1}', b'{"token": "a\\r\\nX-Own: b"}', b"[" * 100_000],
)
def test_a_token_that_is_none_is_no_login(start: Start, token: bytes) -> None:
    served = start(auth="bearer")
    served.put("a", BLOB)
    served.token = token
    with pytest.raises(RegistryError, match="status 401"):
        client(served).has("a", WANTED.digest)


@pytest.mark.parametrize("realm", ["file:///etc/passwd", "http://192.0.2.1/token", "here"])
def test_a_token_is_asked_for_over_tls_alone(start: Start, realm: str) -> None:
    served = start(auth="bearer")
    served.put("a", BLOB)
    served.realm = realm
    with pytest.raises(RegistryError, match="status 401"):
        client(served).has("a", WANTED.digest)


def test_a_realm_that_is_no_url_is_said(start: Start) -> None:
    served = start(auth="bearer")
    served.put("a", BLOB)
    served.realm = "https://[here"
    with pytest.raises(RegistryError, match="does not answer as it should"):
        client(served).has("a", WANTED.digest)


def test_bytes_that_are_not_those_of_the_digest_are_not_taken(start: Start) -> None:
    served = start()
    served.repositories.add("a")
    with pytest.raises(RegistryError, match="DIGEST_INVALID"):
        client(served).upload("a", digest_of(b"other"), BLOB)


def test_a_repository_that_is_not_there_is_said(start: Start) -> None:
    served = start()
    with pytest.raises(RegistryError, match="there is no repository 'gone'"):
        client(served).manifest(Reference(served.host, "gone", "1"))
    served.repositories.add("here")
    assert client(served).manifest(Reference(served.host, "here", "1")) is None
