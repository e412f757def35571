"""S3: the objects of an application's bucket."""

from __future__ import annotations

import base64
import hashlib
import logging
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError, HTTPClientError

from builder.aws.session import DAMAGED, Session, code_of, explained
from builder.errors import ArtifactError, AwsError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

log = logging.getLogger(__name__)

ABSENT = frozenset({"NoSuchKey", "NoSuchBucket", "404", "NotFound", "NoSuchVersion"})
READS = 3
"""Tries to read an object whose content does not arrive whole: botocore tries again only until it
begins."""

LARGEST = 64 << 20
"""Bytes of an object that is read into memory: manifests, bills of materials, debug archives."""

PAGE = 1000
"""Versions in a page: as many as one DeleteObjects takes (S3 API reference)."""

CHANGED = frozenset({"PreconditionFailed", "ConditionalRequestConflict", "412", "409"})


def own_buckets(session: Session) -> S3Client:
    """Return a client that S3 refuses every bucket of another account: their names can be guessed.

    Source: Amazon S3 user guide, "Verifying bucket ownership with bucket owner condition".
    """
    client: S3Client = session.client("s3")

    def expect_owner(params: dict[str, Any], **event: Any) -> Any:
        owners = {"ExpectedBucketOwner": session.account}
        if event["model"].name == "CopyObject":
            owners["ExpectedSourceBucketOwner"] = session.account
        return {**params, **owners}

    client.meta.events.register("provide-client-params.s3", expect_owner)
    return client


@dataclass(frozen=True)
class StoredObject:
    """What S3 says of one object; ``size`` in bytes, ``version`` is "" without versioning.

    ``sha256`` (base64) is what S3 itself has computed over the whole object, "" where it has not.
    ``answered`` is when it was read, by the clock of S3 (seconds since 1970), 0 when not known.
    """

    key: str
    etag: str
    version: str
    size: int
    content: bytes = b""
    sha256: str = ""
    answered: float = field(default=0.0, compare=False)


class Changed(Exception):
    """A conditional write came too late: the object is not what it was."""


class Store:
    """The bucket of an application. It may not exist: then every object is absent."""

    def __init__(self, session: Session, bucket: str) -> None:
        self.bucket = bucket
        self._s3 = own_buckets(session)

    def read(self, key: str, largest: int = LARGEST) -> StoredObject | None:
        """Return an object with its content, or None if it (or the bucket) is absent.

        Raise ArtifactError for one of more than ``largest`` bytes: builds write here.
        """
        with explained("s3:GetObject", self.url(key)):
            for _ in range(READS - 1):
                try:
                    return self._read(key, largest)
                except (*DAMAGED, HTTPClientError) as error:
                    log.debug("%s: the content did not arrive whole, reading again: %s", key, error)
            return self._read(key, largest)

    def _read(self, key: str, largest: int) -> StoredObject | None:
        try:
            answer = self._s3.get_object(Bucket=self.bucket, Key=key)
        except ClientError as error:
            if code_of(error) in ABSENT:
                return None
            raise
        with closing(answer["Body"]) as body:
            if answer["ContentLength"] > largest:
                raise ArtifactError(
                    f"an object has {answer['ContentLength']:,} bytes, too many to be read",
                    where=self.url(key),
                    expected=f"at most {largest:,} bytes",
                    fix="find out who wrote it, and delete it",
                )
            content = body.read()
        if not answer.get("ETag"):
            raise AwsError(
                "S3 has answered without an ETag",
                where=self.url(key),
                expected="the ETag of the object, by which it is seen whether others change it",
                fix="look for what changes answers on the way, such as a proxy (HTTPS_PROXY), then "
                "run it again",
            )
        return StoredObject(
            key,
            answer["ETag"],
            answer.get("VersionId", ""),
            len(content),
            content,
            answered=_date(answer["ResponseMetadata"]),
        )

    def head(self, key: str) -> StoredObject | None:
        """Return what S3 knows of an object without its content, or None if it is absent."""
        with explained("s3:GetObject", self.url(key)):
            try:
                answer = self._s3.head_object(Bucket=self.bucket, Key=key, ChecksumMode="ENABLED")
            except ClientError as error:
                if code_of(error) in ABSENT:
                    return None
                raise
        version, size = answer.get("VersionId", ""), answer["ContentLength"]
        return StoredObject(
            key, answer.get("ETag", ""), version, size, sha256=_whole_sha256(answer)
        )

    def download(self, key: str, version: str, into: Path) -> str:
        """Write one version of an object to a file; return its SHA-256 (base64).

        Raise ArtifactError when it is gone.
        """
        source: Any = {
            "Bucket": self.bucket,
            "Key": key,
            **({"VersionId": version} if version else {}),
        }
        digest = hashlib.sha256()
        with explained("s3:GetObjectVersion", self.url(key)):
            for left in reversed(range(READS)):
                digest = hashlib.sha256()
                try:
                    answer = self._s3.get_object(**source)
                    with closing(answer["Body"]) as body, into.open("wb") as out:
                        for block in body.iter_chunks(1 << 20):
                            digest.update(block)
                            out.write(block)
                    break
                except ClientError as error:
                    if code_of(error) not in ABSENT:
                        raise
                    raise ArtifactError(
                        "an artifact is gone",
                        where=self.url(key),
                        expected="the version that was verified",
                        fix="plan and apply again: it is built anew",
                    ) from error
                except (*DAMAGED, HTTPClientError) as error:
                    if not left:
                        raise
                    log.debug("%s: the content did not arrive whole, reading again: %s", key, error)
        return base64.b64encode(digest.digest()).decode("ascii")

    def write(self, key: str, content: bytes, content_type: str) -> StoredObject:
        """Write an object, whatever was there."""
        return self._put(key, content, content_type, {})

    def copy(self, key: str, version: str, target: str) -> str:
        """Copy one version of an object (5 GB at most) inside the bucket, without fetching it.

        Return the SHA-256 (base64) that S3 has computed over the copy, and keeps; "" if it says
        none. Source: Amazon S3 API reference, CopyObject (ChecksumAlgorithm, CopyObjectResult).
        """
        source = {"Bucket": self.bucket, "Key": key, **({"VersionId": version} if version else {})}
        with explained("s3:PutObject", self.url(target)):
            answer = self._s3.copy_object(
                Bucket=self.bucket,
                Key=target,
                CopySource=source,  # type: ignore[arg-type]  # with a version or without
                ChecksumAlgorithm="SHA256",
            )
        return _whole_sha256(answer.get("CopyObjectResult", {}))

    def replace(
        self, key: str, content: bytes, content_type: str, *, etag: str | None
    ) -> StoredObject:
        """Write an object only if it still has this ETag, or is still absent when ``etag`` is None.

        Raise Changed otherwise. Source: Amazon S3 user guide, "Conditional writes".
        """
        condition = {"IfNoneMatch": "*"} if etag is None else {"IfMatch": etag}
        return self._put(key, content, content_type, condition)

    def keys(self, prefix: str) -> list[str]:
        """Return the keys of the objects below a prefix, in order; none without the bucket."""
        with explained("s3:ListBucket", self.url(prefix)):
            pages = self._s3.get_paginator("list_objects_v2").paginate(
                Bucket=self.bucket, Prefix=prefix
            )
            try:
                return [entry["Key"] for page in pages for entry in page.get("Contents", [])]
            except ClientError as error:
                if code_of(error) in ABSENT:
                    return []
                raise

    def bucket_exists(self) -> bool:
        """Say whether the bucket is there."""
        with explained("s3:ListBucket", f"s3://{self.bucket}"):
            try:
                self._s3.head_bucket(Bucket=self.bucket)
            except ClientError as error:
                if code_of(error) in ABSENT:
                    return False
                raise
        return True

    def delete_all(self, prefix: str) -> int:
        """Delete every version of every object below a prefix; return how many there were.

        Raise AwsError when one of them may not be deleted.
        """
        deleted = 0
        for batch in self._versions(prefix):
            with explained("s3:DeleteObjectVersion", self.url(prefix)):
                answer = self._s3.delete_objects(
                    Bucket=self.bucket,
                    Delete={
                        "Objects": [{"Key": key, "VersionId": version} for key, version in batch],
                        "Quiet": True,
                    },
                )
            for error in answer.get("Errors", []):
                # S3 answers 200 even if it deleted nothing (S3 API reference, DeleteObjects).
                raise AwsError(
                    f"s3:DeleteObjectVersion failed: {error.get('Code')}: {error.get('Message')}",
                    where=self.url(error.get("Key", prefix)),
                    expected="the right to delete versions of the layer's objects",
                    fix="add the permission, then run it again; what is deleted stays deleted",
                )
            deleted += len(batch)
        return deleted

    def hide(self, key: str) -> None:
        """Delete an object; in a versioned bucket its versions stay behind a delete marker."""
        with explained("s3:DeleteObject", self.url(key)):
            self._s3.delete_object(Bucket=self.bucket, Key=key)

    def measure(self, prefix: str) -> tuple[int, int]:
        """Return how many object versions there are below a prefix, and their bytes."""
        count = size = 0
        with explained("s3:ListBucketVersions", self.url(prefix)):
            pages = self._s3.get_paginator("list_object_versions").paginate(
                Bucket=self.bucket, Prefix=prefix, PaginationConfig={"PageSize": PAGE}
            )
            for page in pages:
                versions = page.get("Versions", [])
                count += len(versions) + len(page.get("DeleteMarkers", []))
                size += sum(version["Size"] for version in versions)
        return count, size

    def url(self, key: str) -> str:
        """Return the object's address as people write it."""
        return f"s3://{self.bucket}/{key}"

    def _put(
        self, key: str, content: bytes, content_type: str, condition: dict[str, str]
    ) -> StoredObject:
        with explained("s3:PutObject", self.url(key)):
            try:
                answer = self._s3.put_object(
                    Bucket=self.bucket,
                    Key=key,
                    Body=content,
                    ContentType=content_type,
                    **condition,  # type: ignore[arg-type]  # IfMatch or IfNoneMatch
                )
            except ClientError as error:
                # If-Match on a key that is gone answers 404, which is a change too.
                late = CHANGED | ({"NoSuchKey", "404"} if "IfMatch" in condition else set())
                if condition and code_of(error) in late:
                    raise Changed(key) from error
                raise
        etag, version = answer.get("ETag", ""), answer.get("VersionId", "")
        return StoredObject(key, etag, version, len(content), content)

    def _versions(self, prefix: str) -> Iterator[list[tuple[str, str]]]:
        with explained("s3:ListBucketVersions", self.url(prefix)):
            pages = self._s3.get_paginator("list_object_versions").paginate(
                Bucket=self.bucket, Prefix=prefix, PaginationConfig={"PageSize": PAGE}
            )
            for page in pages:
                entries = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
                if entries:
                    yield [(entry["Key"], entry["VersionId"]) for entry in entries]


def _whole_sha256(answer: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a whole object: that of one uploaded in parts is of their hashes.

    Source: Amazon S3 user guide, "Checking object integrity" (composite checksums end with -N).
    """
    found = str(answer.get("ChecksumSHA256", ""))
    return "" if "-" in found or answer.get("ChecksumType") == "COMPOSITE" else found


def _date(metadata: Mapping[str, Any]) -> float:
    """Return when AWS answered, by its own clock (seconds since 1970), 0 when it does not say."""
    try:
        return parsedate_to_datetime(metadata["HTTPHeaders"]["date"]).timestamp()
    except (KeyError, ValueError):
        return 0.0
