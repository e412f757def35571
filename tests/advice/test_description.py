"""Errors that need no AWS: each is met, its advice is followed, and it is gone."""

import traceback
from pathlib import Path

import pytest

from builder.errors import LayerError
from tests.advice.rows import Followed
from tests.advice.table import TABLE

FOLLOWED = {site: row for site, row in TABLE.items() if isinstance(row, Followed)}


@pytest.mark.parametrize("site", FOLLOWED)
def test_an_error_is_gone_once_its_advice_is_followed(site: str, tmp_path: Path) -> None:
    row = FOLLOWED[site]
    with pytest.raises(LayerError) as caught:
        row.meet(tmp_path)

    path, _, function = site.partition("#")[0].rpartition(":")
    raised_in = traceback.extract_tb(caught.value.__traceback__)[-1].filename
    assert raised_in.endswith(path), f"{site}: made elsewhere: {caught.value}"
    assert row.advice in caught.value.fix, function
    row.follow(tmp_path)
    row.meet(tmp_path)
