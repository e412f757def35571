import pytest

from builder.layer.token import Token
from tests.builder.remembered import A


@pytest.mark.parametrize("text", [f"{A}#1", f"{A}#999999999", f" {A}#1\n"])
def test_a_token_is_read_as_it_was_written(text: str) -> None:
    assert str(Token.parse(text)) == text.strip()


@pytest.mark.parametrize(
    "text",
    ["", "invalid", A, f"{A}#", f"#{A}", f"{A[1:]}#1", f"{A.upper()}#1", f"{A}#-1", f"{A}#1x",
     f"{A}#1234567890", f"{A} #1", f"{A}#\u0661"],
)  # fmt: skip
def test_anything_else_is_no_token(text: str) -> None:
    assert Token.parse(text) is None
