"""What all tests share: one embedded AWS for each worker."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from embedded.aws import EmbeddedAws


@pytest.fixture(scope="session")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedAws]:
    """An embedded AWS; tests share it, so each names its resources for itself."""
    state: Path = tmp_path_factory.mktemp("embedded aws")
    with EmbeddedAws(state) as embedded:
        yield embedded
