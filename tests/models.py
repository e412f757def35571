"""botocore's descriptions of services, found and parsed once a process, not once a session."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import pytest
from botocore.loaders import JSONFileLoader, Loader


@contextmanager
def models_parsed_once() -> Iterator[None]:
    """Keep what is found and parsed inside the block.

    Our tests make a session for each hook and each user, and each would look through four hundred
    folders and read megabytes of JSON. botocore itself keeps and shares that, but for one session.
    """
    parse, look = JSONFileLoader.load_file, Loader.list_available_services

    @cache
    def parsed(path: str) -> Any:
        return parse(JSONFileLoader(), path)

    @cache
    def available(paths: tuple[str, ...], type_name: str) -> list[str]:
        loader = Loader(include_default_search_paths=False)
        loader.search_paths.extend(paths)
        return look(loader, type_name)

    def listed(loader: Loader, type_name: str) -> list[str]:
        return list(available(tuple(loader.search_paths), type_name))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Loader, "list_available_services", listed)
        patch.setattr(JSONFileLoader, "load_file", lambda _self, path: parsed(path))
        yield
