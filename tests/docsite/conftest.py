"""Pages that several tests read, made once."""

from __future__ import annotations

import pytest

from docsite import reference


@pytest.fixture(scope="session")
def errors_page() -> str:
    return reference.errors()
