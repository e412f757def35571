from __future__ import annotations

import pytest

from builder.errors import ArtifactError
from builder.images.labels import APP, CODE, TOKEN, check_labels

WANTED = {TOKEN: "f#1", APP: "shop", CODE: "c"}


def test_an_image_of_its_approval_may_say_more() -> None:
    check_labels({**WANTED, "maintainer": "we"}, WANTED, "shop/web:f-1")


@pytest.mark.parametrize("name", [TOKEN, APP, CODE])
def test_an_image_that_says_something_else_is_refused(name: str) -> None:
    for found in ({**WANTED, name: "other"}, {k: v for k, v in WANTED.items() if k != name}):
        with pytest.raises(ArtifactError, match="has other bytes") as refused:
            check_labels(found, WANTED, "shop/web:f-1")
        assert refused.value.where == "shop/web:f-1"
