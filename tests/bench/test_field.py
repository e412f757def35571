import sys

import pytest

from bench import field

PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"


def test_the_interpreters_of_this_machine_are_found_by_their_versions() -> None:
    found = dict(field.interpreters([PYTHON, "3.99"]))

    assert set(found) <= {PYTHON}


@pytest.mark.slow
def test_a_layer_that_works_and_one_that_is_refused() -> None:
    works = field.check("web", ("six", "ruamel.yaml"), PYTHON, sys.executable)
    refused = field.check("shadow", ("dataclasses",), PYTHON, sys.executable)

    assert (works.verdict, works.detail) == ("works", "")
    assert works.size > 100_000
    assert refused.verdict == "refused"
    assert "would take the place of Python's own" in refused.detail
