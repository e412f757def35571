from __future__ import annotations

from pathlib import Path

import pytest

from builder.images.elsewhere import may_go
from builder.images.errors import RegistryError
from builder.images.manifest import Descriptor, digest_of
from builder.images.registry import Registry
from tests.builder.images.conftest import Start
from tests.registry import Registry as Served

BLOB = b"some bytes" * 1000
WANTED = Descriptor("", digest_of(BLOB), len(BLOB))
FAR = "https://registry.example"


@pytest.fixture
def served(start: Start) -> Served:
    found = start(auth="AWS:secret")
    found.put("a", BLOB)
    return found


def client(served: Served) -> Registry:
    return Registry(served.host, login="AWS:secret", sleep=lambda _: None)


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "file://localhost/etc/passwd",
        "ftp://files.example/a",
        "data:text/plain,a",
        "http://127.0.0.1:8080/",
        "http://localhost/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[::1]:80/",
        "http://metadata.internal/",
        "http://0.0.0.0/",
        "https://127.0.0.1/",
        "https://admin.localhost:8443/",
        "https://0.0.0.0/",
        "https://user:word@files.example/",
        "//files.example/a",
        "",
    ],
)
def test_a_registry_elsewhere_sends_nobody_to_files_or_to_this_machine(url: str) -> None:
    assert not may_go(url, FAR)


@pytest.mark.parametrize(
    ("url", "registry"),
    [
        ("https://bucket.s3.amazonaws.com/blob?X-Amz-Signature=1", FAR),
        ("https://auth.example:8443/token", FAR),
        ("https://10.1.2.3/token", FAR),
        ("http://127.0.0.1:5001/token", "http://127.0.0.1:5000"),
        ("https://auth.example/token", "http://localhost:5000"),
        ("http://ministack:4566/v2/", "http://ministack:4566"),
    ],
)
def test_a_registry_sends_to_itself_and_to_others_over_tls(url: str, registry: str) -> None:
    assert may_go(url, registry)


def test_a_file_of_this_machine_is_not_read_as_a_token(served: Served, tmp_path: Path) -> None:
    stolen = tmp_path / "token"
    stolen.write_text('{"token": "of-this-machine"}')
    served.auth, served.realm = "bearer", f"file://localhost{stolen}"
    with pytest.raises(RegistryError, match="status 401"):
        client(served).has("a", WANTED.digest)
    assert not any("of-this-machine" in authorization for *_, authorization in served.asked)


@pytest.mark.parametrize("place", ["file://localhost{}", "file://{}", "{}", "ftp://192.0.2.1{}"])
def test_a_blob_is_not_a_file_of_this_machine(served: Served, tmp_path: Path, place: str) -> None:
    (tmp_path / "blob").write_bytes(BLOB)
    served.sends_to = place.format(tmp_path / "blob")
    with pytest.raises(RegistryError):
        client(served).download("a", WANTED, tmp_path / "out")
    assert not (tmp_path / "out").exists() or (tmp_path / "out").read_bytes() != BLOB


def test_a_redirect_without_tls_is_refused_before_anything_is_asked(served: Served) -> None:
    served.sends_to = "http://192.0.2.1/latest/meta-data"
    with pytest.raises(RegistryError, match=r"redirects to http://192\.0\.2\.1") as caught:
        client(served).document("a", WANTED)
    assert caught.value.expected == "an address of its own, or one of another machine over HTTPS"


@pytest.mark.parametrize(
    "place",
    ["mailto:@{other}/v2/a/blobs/uploads/x", "HTTP://{other}/v2/a/blobs/uploads/upload-0",
     "http://{other}/v2/a/blobs/uploads/upload-0", "@{other}/x", ":x@{other}/v2/a/blobs/x"],
)  # fmt: skip
def test_an_upload_and_its_login_stay_at_the_registry(
    start: Start, served: Served, place: str
) -> None:
    other = start()
    other.repositories.add("a")
    served.repositories.add("b")
    served.place = place.format(other=other.host)
    digest = digest_of(b"new")
    try:
        client(served).upload("a", digest, b"new")
    except RegistryError:
        assert "upload-0" not in place, "the upload's address is the registry's, with its own name"
    assert other.asked == []
