import pytest

from builder.operations.explain import STATUSES
from builder.protocol import statuses
from builder.report.tables import STYLES, megabytes


@pytest.mark.parametrize(
    ("size", "said"),
    [(None, "-"), (0, "0.0 MB"), (99, "0.1 kB"), (37_800, "37.8 kB"), (50_000, "0.1 MB"),
     (1_949_209, "1.9 MB")],
)  # fmt: skip
def test_a_size_says_something_be_it_ever_so_small(size: int | None, said: str) -> None:
    assert megabytes(size) == said


def test_each_status_of_a_layer_has_its_colour() -> None:
    only_in_answers_to_lambda = {statuses.RELEASED, statuses.IGNORED}
    assert STATUSES.keys() - only_in_answers_to_lambda <= STYLES.keys()
