"""Buckets block SSE-C unless they are asked not to, as S3 does for new buckets since April 2026.

ministack 1.5.33 keeps what PutBucketEncryption says and knows nothing of blocked types. Sources:
Amazon S3 user guide, "Blocking or unblocking SSE-C for a general purpose bucket" (the default, and
403 AccessDenied for uploads with SSE-C); S3 API reference, "BlockedEncryptionTypes". That a
PutBucketEncryption without blocked types leaves SSE-C blocked is what users of Terraform saw
(github.com/hashicorp/terraform-provider-aws, issue 47320).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import Any
from xml.etree import ElementTree

Answer = tuple[int, Mapping[str, str], Any]

CUSTOMER_KEY = "x-amz-server-side-encryption-customer-"
_TYPES = {"NONE", "SSE-C"}


def correct(s3: ModuleType) -> None:
    """Let ministack report, keep and enforce what a bucket blocks."""
    get, put = s3._get_bucket_encryption, s3._put_bucket_encryption
    resolve = s3._resolve_sse_write_headers

    def get_bucket_encryption(name: str) -> Answer:
        status, headers, body = get(name)
        return status, headers, with_blocked_types(body) if status == 200 else body

    def put_bucket_encryption(name: str, body: bytes) -> Answer:
        if not _TYPES.issuperset(blocked_types(body)):
            refused: Answer = s3._error("MalformedXML", s3._MALFORMED_XML, 400)
            return refused
        answer: Answer = put(name, body)
        return answer

    def resolve_sse_write_headers(headers: Mapping[str, str], bucket: str) -> tuple[Any, Any]:
        if any(name.lower().startswith(CUSTOMER_KEY) for name in headers):
            _, _, body = get_bucket_encryption(bucket)
            if "SSE-C" in blocked_types(body):
                return None, s3._error("AccessDenied", "Access Denied", 403)
        resolved: tuple[Any, Any] = resolve(headers, bucket)
        return resolved

    s3._get_bucket_encryption = get_bucket_encryption  # type: ignore[attr-defined] # a module
    s3._put_bucket_encryption = put_bucket_encryption  # type: ignore[attr-defined] # a module
    s3._resolve_sse_write_headers = resolve_sse_write_headers  # type: ignore[attr-defined] # too


def blocked_types(document: str | bytes) -> list[str]:
    """Return the encryption types that a bucket's encryption configuration names as blocked."""
    return [(each.text or "").strip() for each in _all(_parsed(document), "EncryptionType")]


def with_blocked_types(document: str | bytes) -> str:
    """Return the configuration; rules that do not say what is blocked block SSE-C."""
    root = _parsed(document)
    for rule in _all(root, "Rule"):
        if not _all(rule, "BlockedEncryptionTypes"):
            space = rule.tag.rpartition("Rule")[0]
            blocked = ElementTree.SubElement(rule, f"{space}BlockedEncryptionTypes")
            ElementTree.SubElement(blocked, f"{space}EncryptionType").text = "SSE-C"
    return ElementTree.tostring(root, encoding="unicode")


def _parsed(document: str | bytes) -> ElementTree.Element:
    try:
        return ElementTree.fromstring(document)  # noqa: S314 - from programs on this machine
    except ElementTree.ParseError:
        return ElementTree.Element("none")  # ministack refuses it


def _all(root: ElementTree.Element, name: str) -> list[ElementTree.Element]:
    return [each for each in root.iter() if each.tag.rpartition("}")[2] == name]
