"""Releases whose S3 says what is not so: what is published is what was verified, or nothing is."""

import base64
import hashlib
import io
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from builder.aws.session import Credentials, Session
from builder.errors import LayerError
from builder.layer.layer import Layer
from builder.layer.record import Record
from builder.release.release import Order, ensure
from tests.builder.conftest import REGION, World, order_of, quick
from tests.soak.proxy import Answer, Lie, Proxy

ARCHIVE, MANIFEST, RECORD = "/layer.zip", "/manifest.json", "/record.json"
OTHER = base64.b64encode(hashlib.sha256(b"other").digest()).decode()
FAILED = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n'
    b"<Error><Code>InternalError</Code><Message>We encountered an internal error.</Message></Error>"
)
"""What S3 may answer to CopyObject with status 200 (S3 API reference, CopyObject)."""


def told(method: str, ending: str, change: Callable[[Answer], Answer]) -> Lie:
    """Return the lie that answers calls of a method to keys of an ending are changed."""

    def lie(operation: str, _path: str, true: Answer) -> Answer:
        asked, _, key = operation.partition(" ")
        is_meant = asked == method and key.endswith(ending) and true.status == 200
        return change(true) if is_meant else true

    return lie


def saying(name: str, value: str) -> Callable[[Answer], Answer]:
    return lambda true: replace(true, headers={**true.headers, name: value})


def containing(change: Callable[[bytes], bytes]) -> Callable[[Answer], Answer]:
    """Change the content, and say its length."""

    def changed(true: Answer) -> Answer:
        content = change(true.content)
        return replace(true, content=content, length=len(content))

    return changed


def unsaid(true: Answer) -> Answer:
    """Take away every checksum, also that of a copy, which is in its content."""
    kept = {n: v for n, v in true.headers.items() if not n.startswith("x-amz-checksum")}
    content = re.sub(rb"<Checksum(\w+)>.*?</Checksum\1>", b"", true.content)
    return Answer(true.status, kept, content, true.length - len(true.content) + len(content))


def altered(content: bytes) -> bytes:
    """Return a manifest of other bytes of the layer, as long as it was."""
    return re.sub(rb'("code_sha256": ?")[^"]{43}', rb"\g<1>" + OTHER[:43].encode(), content)


def with_the_right_checksum(true: Answer) -> Answer:
    """Alter the content, and say the checksum that it had."""
    crc = base64.b64encode(zlib.crc32(true.content).to_bytes(4, "big")).decode()
    return replace(saying("x-amz-checksum-crc32", crc)(true), content=altered(true.content))


@dataclass
class Lied:
    """What came of a release that was lied to: its errors, and what is there."""

    world: World
    layer: Layer
    order: Order
    lies: list[str] = field(default_factory=list)

    def to(self, lie: Lie) -> LayerError:
        """Release with an S3 that lies; return the error that this ends with."""
        with self.served(lie) as layer, pytest.raises(LayerError) as caught:
            ensure(layer, self.order, clock=quick())
        assert self.lies
        return caught.value

    @contextmanager
    def served(self, lie: Lie) -> Iterator[Layer]:
        """Give the layer to one who is lied to; builds and Lambda are not."""

        def noted(operation: str, path: str, true: Answer) -> Answer:
            said = lie(operation, path, true)
            if said != true:
                self.lies.append(operation)
            return said

        with (
            Proxy(self.world.aws.url, lambda *_call: "", noted) as proxy,
            pytest.MonkeyPatch.context() as patch,
        ):
            patch.setenv("AWS_ENDPOINT_URL_S3", proxy.url)
            services = self.world.connect(Session(Credentials(), REGION))
            yield replace(self.layer, services=services)

    @property
    def record(self) -> Record:
        return self.layer.records.load_or_new()

    def goes_on_well(self) -> None:
        """Apply again without lies: the layer is there, once, with the bytes of its manifest."""
        there = self.world.versions()
        release = self.world.release(replace(self.layer))
        assert self.world.versions() == (there or [release.version])
        found = self.world.services.layers.get(release.layer_arn)
        assert found is not None
        manifest = self.world.read(self.layer.keys.verified.manifest(self.layer.fingerprint))
        assert found.code_sha256 == release.code_sha256
        assert f'"{found.code_sha256}"'.encode() in manifest


@pytest.fixture
def lied(world: World) -> Lied:
    layer = world.layer()
    return Lied(world, layer, order_of(layer))


BEFORE_PUBLISHING = {
    "another SHA-256": (
        told("HEAD", ARCHIVE, saying("x-amz-checksum-sha256", OTHER)),
        "not what it should be: layer.zip has SHA-256",
    ),
    "another size": (
        told("HEAD", ARCHIVE, lambda true: replace(true, length=true.length + 1)),
        "not what it should be: layer.zip has",
    ),
    "another manifest": (
        told("GET", MANIFEST, lambda true: containing(altered)(unsaid(true))),
        "not known to be a build's: build .* did not leave this",
    ),
    "another manifest, and the checksum of the right one": (
        told("GET", MANIFEST, with_the_right_checksum),
        "did not arrive whole: .*checksum",
    ),
    "half of the manifest": (
        told("GET", MANIFEST, lambda true: replace(unsaid(true), content=true.content[:99])),
        "could not be called: .*99 bytes read",
    ),
    "half of the manifest, and its length": (
        told("GET", MANIFEST, lambda true: containing(lambda whole: whole[:99])(unsaid(true))),
        "the manifest cannot be read",
    ),
    "an error in the place of the manifest": (
        told("GET", MANIFEST, lambda true: containing(lambda _: FAILED)(unsaid(true))),
        "the manifest cannot be read: it is not JSON",
    ),
    "a version that is not there": (
        told("HEAD", ARCHIVE, saying("x-amz-version-id", "3sL4kqtJlcpXroDTDmJ-rmSpXd3dIbrHY")),
        "",
    ),
}


@pytest.mark.parametrize(("lie", "said"), BEFORE_PUBLISHING.values(), ids=list(BEFORE_PUBLISHING))
def test_what_is_not_the_builds_is_never_published(lied: Lied, lie: Lie, said: str) -> None:
    error = lied.to(lie)

    assert re.search(said, error.what), error.what
    assert lied.world.versions() == []
    assert (lied.record.current, lied.record.releases) == (None, ())
    lied.goes_on_well()


def test_another_version_of_the_archive_is_refused_for_its_bytes(lied: Lied) -> None:
    key = lied.layer.keys.unverified.archive(lied.layer.fingerprint)
    older_one = io.BytesIO()
    with zipfile.ZipFile(older_one, "w") as archive:
        archive.writestr("python/made.py", "made = 'by another build'")
    lied.world.put(key, older_one.getvalue())
    older = lied.world.aws.client("s3").head_object(Bucket=lied.world.name, Key=key)["VersionId"]

    error = lied.to(told("HEAD", ARCHIVE, saying("x-amz-version-id", older)))

    assert "the published version was not what the build's manifest says" in error.what
    assert lied.world.versions() == []
    assert lied.record.current is None


COPIED = re.compile(rb"(?<=<ChecksumSHA256>)[^<]+")
COPIES = {
    "an error, with status 200": (
        told("PUT", ARCHIVE, containing(lambda _: FAILED)),
        "s3:PutObject failed: InternalError",
    ),
    "another SHA-256": (
        told("PUT", ARCHIVE, containing(lambda said: COPIED.sub(OTHER.encode(), said))),
        "not what it should be: layer.zip has SHA-256",
    ),
}


@pytest.mark.parametrize(("lie", "said"), COPIES.values(), ids=list(COPIES))
def test_what_was_not_copied_is_not_recorded_and_the_next_apply_goes_on(
    lied: Lied, lie: Lie, said: str
) -> None:
    error = lied.to(lie)

    assert said in error.what
    assert lied.record.current is None
    verified = lied.layer.keys.verified
    assert lied.world.keys(verified.manifest(lied.layer.fingerprint)) == []
    lied.goes_on_well()
    assert lied.world.versions() == [1]
    assert len(lied.world.builds()) == 1


@dataclass
class Undone:
    """A copy that is answered as if it had been made, and is not there."""

    world: World

    def __call__(self, operation: str, _path: str, true: Answer) -> Answer:
        if operation.startswith("PUT ") and operation.endswith(ARCHIVE):
            key = operation.removeprefix(f"PUT /{self.world.name}/")
            self.world.delete(key)
            return unsaid(true)
        return true


def test_a_copy_that_is_not_there_though_no_error_was_said_is_not_recorded(lied: Lied) -> None:
    error = lied.to(Undone(lied.world))

    assert "not what it should be: layer.zip was copied, and is not there" in error.what
    assert lied.record.current is None
    lied.goes_on_well()


def test_a_forced_build_whose_copy_failed_does_not_stop_the_next_one(lied: Lied) -> None:
    """What is kept then is the archive of the one build beside the manifest of the other."""
    lied.world.release()
    lied.order = order_of(lied.layer, force=True)
    lied.to(COPIES["another SHA-256"][0])
    key = lied.layer.keys.verified.archive(lied.layer.fingerprint)
    lied.world.put(key, b"another archive")

    release = lied.world.release(force=True)

    assert release.version in lied.world.versions()
    assert lied.record.current == release


def test_what_is_downloaded_has_the_checksum_that_s3_says(lied: Lied, tmp_path: Path) -> None:
    lied.world.put("key", b'"code_sha256": "' + b"A" * 43)
    with (
        lied.served(told("GET", "/key", with_the_right_checksum)) as layer,
        pytest.raises(LayerError, match=r"did not arrive whole: .*checksum"),
    ):
        layer.services.store.download("key", "", tmp_path / "file")

    assert len(lied.lies) == 3


def test_without_any_checksum_lambda_is_who_compares(lied: Lied) -> None:
    with lied.served(lambda _operation, _path, true: unsaid(true)) as layer:
        release = ensure(layer, lied.order, clock=quick())

    assert lied.lies
    assert lied.record.current == release
    lied.goes_on_well()


def test_an_older_artifact_is_not_taken_for_a_forced_build(lied: Lied) -> None:
    lied.world.release()
    lied.order = order_of(lied.layer, force=True)
    first: dict[str, Answer] = {}
    fingerprint = lied.layer.fingerprint
    older = lied.world.read(lied.layer.keys.unverified.manifest(fingerprint))

    def lie(operation: str, _path: str, true: Answer) -> Answer:
        if operation.startswith("GET ") and operation.endswith(MANIFEST):
            first.setdefault(operation, replace(unsaid(true), content=older, length=len(older)))
            return first[operation]
        return true

    error = lied.to(lie)

    assert "left no artifact" in error.what
    assert lied.world.versions() == [1]
    assert lied.record.current is not None
    assert lied.record.current.version == 1


def test_an_older_record_is_never_written_over_a_newer_one(lied: Lied) -> None:
    first = lied.world.release()
    lied.world.edit()
    lied.layer = lied.world.layer()
    lied.order = order_of(lied.layer)
    key = f"/{lied.layer.keys.record}"
    older: list[Answer] = []

    def lie(operation: str, _path: str, true: Answer) -> Answer:
        if operation.startswith("GET ") and operation.endswith(key):
            older.append(true)
            return older[0]
        return true

    error = lied.to(lie)

    assert "was retired while build 2 of it was released" in error.what
    assert lied.record.current == first
    assert lied.record.consumed == 2
    # Who took the layer for retired has removed what the build left.
    with pytest.raises(LayerError, match="succeeded and left no artifact"):
        lied.world.release()
    assert lied.world.release().version == 2


def test_without_etags_nothing_is_changed_and_one_error_says_so(lied: Lied) -> None:
    lied.world.release()
    lied.world.edit()
    lied.layer = lied.world.layer()
    lied.order = order_of(lied.layer)
    record = lied.record

    def lie(_operation: str, _path: str, true: Answer) -> Answer:
        return replace(true, headers={n: v for n, v in true.headers.items() if n != "etag"})

    error = lied.to(lie)

    assert error.what == "S3 has answered without an ETag"
    assert lied.record == record
    assert lied.world.release().version == 2
