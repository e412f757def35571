from __future__ import annotations

from dataclasses import replace

import pytest

from builder.images.errors import ImageError
from builder.images.order import Order

ORDER = Order(
    token=f"{'0' * 64}#1",
    app="shop",
    bucket="shop-layers",
    key="web/built/0/layer.zip",
    version="1",
    code_sha256="c",
    repository="shop/web",
    tag=f"{'0' * 64}-1",
    python="3.13",
    architecture="arm64",
    base="python:3.13",
)


def test_an_order_is_read_as_it_was_written() -> None:
    assert Order.from_json(ORDER.to_json()) == ORDER
    assert str(ORDER.target) == "python3.13 on arm64"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "cannot be read"),
        ("{}", "is missing"),
        (replace(ORDER, python="2.7").to_json(), "'2.7' on 'arm64' is no target"),
        (replace(ORDER, architecture="mips").to_json(), "'3.13' on 'mips' is no target"),
    ],
)
def test_what_is_no_order_is_refused(text: str, why: str) -> None:
    with pytest.raises(ImageError, match=why):
        Order.from_json(text)
