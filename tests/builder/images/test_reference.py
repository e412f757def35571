from __future__ import annotations

import pytest

from builder.images.errors import ImageError
from builder.images.reference import HUB, Reference, parse

DIGEST = "sha256:" + "0a" * 32


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("python", Reference(HUB, "library/python")),
        ("python:3.13-slim", Reference(HUB, "library/python", "3.13-slim")),
        ("docker.io/library/python", Reference(HUB, "library/python")),
        ("me/tool", Reference(HUB, "me/tool")),
        (
            "public.ecr.aws/lambda/python:3.13",
            Reference("public.ecr.aws", "lambda/python", "3.13"),
        ),
        ("localhost/a", Reference("localhost", "a")),
        ("127.0.0.1:5000/a/b_c", Reference("127.0.0.1:5000", "a/b_c")),
        (f"ghcr.io/a/b@{DIGEST}", Reference("ghcr.io", "a/b", "", DIGEST)),
        (f"ghcr.io/a/b:1@{DIGEST}", Reference("ghcr.io", "a/b", "1", DIGEST)),
    ],
)
def test_a_reference_is_read(text: str, meant: Reference) -> None:
    assert parse(text, "here") == meant


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/",
        "Python",
        "a:",
        "a:b:c",
        "ghcr.io/",
        "ghcr.io/a//b",
        "ghcr.io/../b",
        "user@host/a",
        "ghcr.io/a@sha256:12",
        "ghcr.io/a@",
        "https://ghcr.io/a",
        "ghcr.io/a b",
        "ghcr.io/a\n",
        "a/" + "b" * 260,
    ],
)
def test_what_names_no_image_is_refused(text: str) -> None:
    with pytest.raises(ImageError, match="names no image"):
        parse(text, "here")


def test_a_digest_is_more_exact_than_a_tag() -> None:
    assert parse(f"a:1@{DIGEST}", "here").version == DIGEST
    assert parse("a:1", "here").version == "1"
    assert parse("a", "here").version == "latest"
