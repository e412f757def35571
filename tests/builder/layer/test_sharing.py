import pytest

from builder.layer.sharing import Sharing, unshared

ARN, NEXT = "arn:aws:lambda:eu-west-1:1:layer:web:1", "arn:aws:lambda:eu-west-1:1:layer:web:2"
DONE = Sharing(ARN, ("123456789012", "o-a1b2c3d4e5"), ("/layers/web",))
BOTH = ("o-a1b2c3d4e5", "123456789012")


@pytest.mark.parametrize(
    ("sharing", "arn", "share", "parameter", "said"),
    [
        (None, ARN, (), "", ""),
        (Sharing(ARN), NEXT, (), "", ""),
        (DONE, ARN, BOTH, "/layers/web", ""),
        (None, ARN, ("123456789012",), "", "share has been given 123456789012"),
        (None, ARN, (), "/a", "parameter /a does not name it yet"),
        (DONE, ARN, BOTH[:1], "/layers/web", "share no longer has 123456789012"),
        (DONE, ARN, BOTH, "", "parameter /layers/web is to go"),
        (
            DONE, ARN, BOTH, "/other",
            "parameter /other does not name it yet; parameter /layers/web is to go",
        ),
        (DONE, NEXT, BOTH, "/layers/web", "it is not shared yet"),
        (Sharing(ARN, (), ("/a",)), NEXT, (), "/a", "its parameter is not written yet"),
        # Killed in the middle.
        (Sharing("", BOTH, ()), ARN, BOTH, "", "it is not shared yet"),
        (Sharing("", BOTH, ()), ARN, (), "", "share no longer has o-a1b2c3d4e5, 123456789012"),
    ],
)  # fmt: skip
def test_what_is_still_to_be_done(
    sharing: Sharing | None, arn: str, share: tuple[str, ...], parameter: str, said: str
) -> None:
    assert unshared(sharing, arn, share, parameter) == said
