from collections.abc import Iterator

from builder.errors import AwsError
from builder.operations.doctor.findings import OK, PROBLEM, UNKNOWN, Finding, found_by


def broken() -> Iterator[Finding]:
    yield Finding("bucket", OK, "there")
    raise AwsError("s3 said no\nand more", where="s3://b", fix="ask again")


def test_what_was_found_before_an_error_is_kept_and_the_error_is_a_finding() -> None:
    assert list(found_by(broken, "bucket")) == [
        Finding("bucket", OK, "there"),
        Finding("bucket", PROBLEM, "s3 said no (s3://b)", "ask again"),
    ]
    assert list(found_by(broken, "bucket", UNKNOWN))[-1].verdict == UNKNOWN
