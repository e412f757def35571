"""botocore's descriptions of services, parsed once a process instead of once a session."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import pytest
from botocore.loaders import JSONFileLoader


@contextmanager
def models_parsed_once() -> Iterator[None]:
    """Keep what is parsed inside the block.

    Our tests make a session for each hook and each user, and each would read megabytes of JSON.
    botocore itself keeps and shares what it parsed, but for one session.
    """
    parse = JSONFileLoader.load_file

    @cache
    def parsed(path: str) -> Any:
        return parse(JSONFileLoader(), path)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(JSONFileLoader, "load_file", lambda _self, path: parsed(path))
        yield
