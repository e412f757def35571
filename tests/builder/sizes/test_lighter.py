from __future__ import annotations

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from builder.sizes.lighter import TABLE, lighter


def test_every_row_names_two_distributions_and_its_source() -> None:
    for row in TABLE:
        assert canonicalize_name(row.name) == row.name
        assert row.what
        assert row.source
        if row.requirement:
            assert Requirement(row.requirement).name != row.name
    assert len({row.name for row in TABLE}) == len(TABLE)


def test_a_distribution_is_found_by_its_name() -> None:
    found = lighter("opencv-python")
    assert found is not None
    assert found.requirement == "opencv-python-headless"
    assert lighter("requests") is None
