import pytest

from builder.report.tables import megabytes


@pytest.mark.parametrize(
    ("size", "said"),
    [(None, "-"), (0, "0.0 MB"), (99, "0.1 kB"), (37_800, "37.8 kB"), (50_000, "0.1 MB"),
     (1_949_209, "1.9 MB")],
)  # fmt: skip
def test_a_size_says_something_be_it_ever_so_small(size: int | None, said: str) -> None:
    assert megabytes(size) == said
