"""CopyObject computes the checksum that it is asked for, as S3 does.

ministack 1.5.33 reads of a copy the header of the SDKs' uploads alone, and answers without any
checksum. Source: Amazon S3 API reference, CopyObject (x-amz-checksum-algorithm, CopyObjectResult).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import Any

Answer = tuple[int, Mapping[str, str], Any]

ASKED, UPLOADED = "x-amz-checksum-algorithm", "x-amz-sdk-checksum-algorithm"
END = "</CopyObjectResult>"


def correct(s3: ModuleType) -> None:
    """Let ministack compute, keep and answer the checksum of a copy."""
    copy = s3._copy_object

    def copy_object(bucket: str, key: str, headers: Mapping[str, str]) -> Answer:
        algorithm = headers.get(ASKED, "")
        if not algorithm:
            unasked: Answer = copy(bucket, key, headers)
            return unasked
        status, answered, body = copy(bucket, key, {**headers, UPLOADED: algorithm})
        if status != 200:
            return status, answered, body
        stored = s3._buckets[bucket]["objects"][key]
        known = {name.lower(): value for name, value in stored["checksums"].items()}
        # The copy has the checksum that was asked for, and no other of its source.
        value = known[algorithm.lower()]
        stored["checksums"] = {algorithm.lower(): value}
        return status, answered, with_checksum(body, algorithm.upper(), value)

    s3._copy_object = copy_object  # type: ignore[attr-defined] # a module


def with_checksum(body: str | bytes, algorithm: str, value: str) -> bytes:
    """Return CopyObject's answer with the checksum of the copy."""
    text = body.decode("utf-8") if isinstance(body, bytes) else body
    name = f"Checksum{algorithm}"
    return text.replace(END, f"<{name}>{value}</{name}>{END}").encode("utf-8")
