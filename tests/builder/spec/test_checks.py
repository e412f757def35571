from typing import Any

import pytest

from builder.errors import SpecError
from builder.spec.checks import DESCRIPTION_LIMIT, Check


@pytest.mark.parametrize("value", ["rich", None, 3, ["rich", 3], {"rich": "14"}])
def test_several_strings_are_a_list_of_strings_and_nothing_else(value: Any) -> None:
    with pytest.raises(SpecError, match="dependencies is") as caught:
        Check("layers.toml [layers.web]").several("dependencies", value)

    assert caught.value.where == "layers.toml [layers.web], key 'dependencies'"


def test_a_mistake_is_corrected_where_it_was_made() -> None:
    with pytest.raises(SpecError) as caught:
        Check("layers.toml [layers.web]").description("description", "x" * (DESCRIPTION_LIMIT + 1))

    assert caught.value.fix == "change description in layers.toml [layers.web]"
