import base64
import hashlib
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import IncompleteReadError
from botocore.response import StreamingBody

from builder.aws import store as module
from builder.aws.store import Changed, Store
from builder.errors import ArtifactError, AwsError
from tests.builder.conftest import World

JSON = "application/json"


def test_what_is_written_is_read_with_its_version(world: World) -> None:
    store = world.services.store
    written = store.write("a/b", b"content", "text/plain")
    found, head = store.read("a/b"), store.head("a/b")

    assert found == written
    assert found is not None
    assert (found.content, found.size) == (b"content", 7)
    assert found.version != ""
    assert head is not None
    assert (head.etag, head.version, head.size, head.content) == (
        found.etag, found.version, 7, b"",
    )  # fmt: skip


def test_what_is_not_there_is_none_whether_object_or_bucket(world: World) -> None:
    gone = Store(world.session, f"{world.name}-gone")

    assert world.services.store.read("a") is world.services.store.head("a") is None
    assert gone.read("a") is gone.head("a") is None
    assert (world.services.store.bucket_exists(), gone.bucket_exists()) == (True, False)


def test_a_deleted_object_is_not_there(world: World) -> None:
    world.put("a", b"1")
    world.delete("a")

    assert world.services.store.read("a") is world.services.store.head("a") is None


def test_an_object_that_must_be_new_is_written_once(world: World) -> None:
    store = world.services.store
    store.replace("a", b"1", JSON, etag=None)

    with pytest.raises(Changed):
        store.replace("a", b"2", JSON, etag=None)

    assert world.read("a") == b"1"


def test_an_object_is_replaced_only_if_it_is_what_it_was(world: World) -> None:
    store = world.services.store
    first = store.write("a", b"1", JSON)
    second = store.replace("a", b"2", JSON, etag=first.etag)

    with pytest.raises(Changed):
        store.replace("a", b"3", JSON, etag=first.etag)

    assert world.read("a") == b"2"
    world.delete("a")
    with pytest.raises(Changed):
        store.replace("a", b"3", JSON, etag=second.etag)


def test_writing_into_a_bucket_that_is_not_there_is_an_error_and_no_lost_race(
    world: World,
) -> None:
    gone = Store(world.session, f"{world.name}-gone")

    for etag in (None, '"abc"'):
        with pytest.raises(AwsError, match="NoSuchBucket"):
            gone.replace("a", b"1", JSON, etag=etag)


def test_everything_below_a_prefix_is_deleted_with_all_versions(world: World) -> None:
    store = world.services.store
    for key in ("web/a", "web/a", "web/b/c", "web2/a", "we"):
        world.put(key, b"1")
    world.delete("web/a")

    assert store.delete_all("web/") == 4
    assert world.keys() == ["we", "web2/a"]
    left = world.aws.client("s3").list_object_versions(Bucket=world.name, Prefix="web/")
    assert not {"Versions", "DeleteMarkers"} & left.keys()
    assert store.delete_all("web/") == 0


def test_more_than_a_page_is_measured_and_deleted_page_by_page(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert module.PAGE <= 1000, "S3 refuses to delete more at once"
    monkeypatch.setattr(module, "PAGE", 3)
    store = world.services.store
    for number in range(7):
        world.put(f"web/{number}", b"12")
    before = len(world.aws.calls())

    assert store.measure("web/") == (7, 14)
    assert store.delete_all("web/") == 7

    assert world.keys() == []
    asked = [call.operation for call in world.aws.calls()[before:]]
    assert asked.count("DeleteObject") == 3
    assert asked.count("ListBucketVersions") >= 2 * 3


def test_what_may_not_be_deleted_is_an_error(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.put("web/a", b"1")
    world.become(monkeypatch, "s3:ListBucket*")

    with pytest.raises(AwsError, match="s3:DeleteObjectVersion"):
        world.services.store.delete_all("web/")


def test_objects_that_s3_refuses_one_by_one_are_an_error(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.put("web/a", b"1")
    store = world.services.store
    answer = {"Errors": [{"Key": "web/a", "Code": "AccessDenied", "Message": "locked"}]}
    monkeypatch.setattr(store._s3, "delete_objects", lambda **_request: answer)

    with pytest.raises(AwsError, match="AccessDenied: locked") as caught:
        store.delete_all("web/")

    assert caught.value.where == f"s3://{world.name}/web/a"


def test_who_may_not_read_learns_which_permission_is_missing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.put("a", b"1")
    world.become(monkeypatch, "sts:GetCallerIdentity")
    store = world.services.store

    for ask in (store.read, store.head):
        with pytest.raises(AwsError, match="may not s3:GetObject") as caught:
            ask("a")
        assert caught.value.where == f"s3://{world.name}/a"
    with pytest.raises(AwsError, match="may not s3:ListBucket"):
        store.bucket_exists()


def test_every_version_below_a_prefix_is_measured(world: World) -> None:
    for content in (b"12345", b"123"):
        world.put("a/b/one", content)
    world.put("a/c", b"1")
    world.delete("a/b/one")

    assert world.services.store.measure("a/b/") == (3, 8)
    assert world.services.store.measure("none/") == (0, 0)


def test_every_call_names_the_account_that_the_bucket_must_belong_to(world: World) -> None:
    store = Store(world.session, world.name)
    sent: list[Any] = []
    store._s3.meta.events.register("before-call", lambda params, **_: sent.append(params))

    store.write("web/a", b"x", "text/plain")
    store.read("web/a")
    store.head("web/a")
    store.bucket_exists()
    store.measure("web/")
    store.copy("web/a", "", "web/b")
    store.delete_all("web/")

    assert len(sent) == 8
    owners = {params["headers"].get("x-amz-expected-bucket-owner") for params in sent}
    assert owners == {world.session.account}
    (source,) = (p["headers"] for p in sent if "x-amz-copy-source" in p["headers"])
    assert source["x-amz-source-expected-bucket-owner"] == world.session.account


def test_an_object_whose_content_ends_early_is_read_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = world.services.store
    store.write("a", b"content", "text/plain")
    whole, cut = StreamingBody.read, [True, True]

    def read(self: StreamingBody, amt: int | None = None) -> bytes:
        if cut:
            cut.pop()
            raise IncompleteReadError(actual_bytes=3, expected_bytes=7)
        return whole(self, amt)

    monkeypatch.setattr(StreamingBody, "read", read)
    found = store.read("a")

    assert found is not None
    assert found.content == b"content"


def test_an_object_that_always_ends_early_is_an_error_that_names_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = world.services.store
    store.write("a", b"content", "text/plain")

    def read(self: StreamingBody, amt: int | None = None) -> bytes:
        raise IncompleteReadError(actual_bytes=3, expected_bytes=7)

    monkeypatch.setattr(StreamingBody, "read", read)
    with pytest.raises(AwsError, match="did not arrive whole: 3 read") as caught:
        store.read("a")

    assert "s3:GetObject" in caught.value.where


def test_s3_says_what_sha256_a_copy_has_and_the_content_is_not_fetched(world: World) -> None:
    store, content = world.services.store, b"layer" * 1000
    written = store.write("a", content, "text/plain")
    store.write("a", b"another", "text/plain")
    reads = [call for call in world.aws.calls() if call.operation == "GetObject"]

    said = store.copy("a", written.version, "b")

    # IAM's action for the source of a copy is GetObject, too; this counts requests for content.
    asked = [call for call in world.aws.calls() if call.operation == "GetObject"]
    assert len(asked) == len(reads)
    assert said == base64.b64encode(hashlib.sha256(content).digest()).decode()
    copied, source = store.head("b"), store.head("a")
    assert copied is not None
    assert (copied.sha256, copied.size) == (said, len(content))
    assert source is not None
    assert source.sha256 == ""


@pytest.mark.parametrize(
    "answer",
    [{}, {"ChecksumSHA256": "c2hh-3"}, {"ChecksumSHA256": "c2hh", "ChecksumType": "COMPOSITE"}],
)
def test_a_hash_of_hashes_is_none_of_the_whole_object(answer: dict[str, str]) -> None:
    assert module._whole_sha256(answer) == ""


def sha256_of(content: bytes) -> str:
    return base64.b64encode(hashlib.sha256(content).digest()).decode()


def test_the_version_that_is_named_is_downloaded_and_its_sha256_said(
    world: World, tmp_path: Path
) -> None:
    store, content, file = world.services.store, b"layer" * 500_000, tmp_path / "zip"
    written = store.write("a", content, "application/zip")
    store.write("a", b"another", "application/zip")

    assert store.download("a", written.version, file) == sha256_of(content)
    assert file.read_bytes() == content
    assert store.download("a", "", file) == sha256_of(b"another")
    assert file.read_bytes() == b"another"


def test_an_object_that_is_too_large_is_not_read(world: World) -> None:
    store = world.services.store
    store.write("a", b"x" * 20, "application/json")

    with pytest.raises(ArtifactError, match="20 bytes, too many"):
        store.read("a", largest=19)
    assert store.read("a", largest=20) is not None
    assert module.LARGEST == 64 << 20


def test_a_disk_that_is_full_is_said_as_it_is(world: World) -> None:
    store = world.services.store
    written = store.write("a", b"layer", "application/zip")

    with pytest.raises(OSError, match="No space left on device"):
        store.download("a", written.version, Path("/dev/full"))


def test_a_download_that_ends_early_begins_again_and_has_no_byte_twice(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, content, file = world.services.store, b"layer" * 500_000, tmp_path / "zip"
    written = store.write("a", content, "application/zip")
    whole, blocks = StreamingBody.read, []

    def read(self: StreamingBody, amt: int | None = None) -> bytes:
        blocks.append(amt)
        if len(blocks) == 2:
            raise IncompleteReadError(actual_bytes=1 << 20, expected_bytes=len(content))
        return whole(self, amt)

    monkeypatch.setattr(StreamingBody, "read", read)

    assert store.download("a", written.version, file) == sha256_of(content)
    assert file.read_bytes() == content


def test_a_download_that_always_ends_early_is_an_error_that_names_it(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = world.services.store
    written = store.write("a", b"content", "application/zip")
    tries = []

    def read(self: StreamingBody, amt: int | None = None) -> bytes:
        tries.append(amt)
        raise IncompleteReadError(actual_bytes=3, expected_bytes=7)

    monkeypatch.setattr(StreamingBody, "read", read)
    with pytest.raises(AwsError, match="did not arrive whole") as caught:
        store.download("a", written.version, tmp_path / "zip")

    assert f"s3://{world.name}/a" in caught.value.where + caught.value.what
    assert len(tries) == module.READS


def test_an_artifact_that_is_gone_is_said_with_what_to_do(world: World, tmp_path: Path) -> None:
    store = world.services.store
    written = store.write("a", b"content", "application/zip")
    store.delete_all("a")

    for version in (written.version, ""):
        with pytest.raises(ArtifactError, match="an artifact is gone") as caught:
            store.download("a", version, tmp_path / "zip")
        assert caught.value.where == f"s3://{world.name}/a"
        assert "plan and apply again" in caught.value.fix


def test_who_may_not_download_learns_which_permission_is_missing(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = world.services.store.write("a", b"content", "application/zip")
    world.become(monkeypatch, "s3:ListBucket")

    with pytest.raises(AwsError, match="may not s3:GetObjectVersion"):
        world.services.store.download("a", written.version, tmp_path / "zip")
