"""What a record remembers, for tests: releases and attempts."""

from __future__ import annotations

from typing import Any

from builder.layer.attempt import Attempt
from builder.layer.record import Release

A, B = "a" * 64, "b" * 64


def release_of(number: int, fingerprint: str = A, version: int | None = None) -> Release:
    """Return the release of a number; its version is the same unless it is named."""
    version = version or number
    return Release(
        number=number,
        fingerprint=fingerprint,
        layer_arn=f"arn:aws:lambda:eu-west-1:123456789012:layer:web:{version}",
        version=version,
        code_sha256="sha",
        unzipped_size=2,
        zipped_size=1,
        packages=3,
        reason="first build",
        build_id="web:1",
        published_at="2026-01-01T00:00:00Z",
    )


def attempt_of(number: int, fingerprint: str = A, **fields: Any) -> Attempt:
    """Return the attempt of a number."""
    return Attempt(number, fingerprint, "a reason", "2026-01-01T00:00:00Z", **fields)
