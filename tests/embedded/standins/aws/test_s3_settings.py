from embedded.aws import EmbeddedAws
from tests.embedded.standins.conftest import Stack

ADDRESS = "aws_s3_bucket_server_side_encryption_configuration.it"


def test_blocked_encryption_types_are_read_back_and_differ_when_they_are_not_set(
    stack: Stack, aws: EmbeddedAws
) -> None:
    """As with hashicorp/aws before 6.40.0; the layers' stack must not be hidden from it."""
    rule = {"apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"}}
    setting = {"bucket": "${aws_s3_bucket.it.id}", "rule": [rule]}
    kinds = {
        "aws_s3_bucket": {"it": {"bucket": stack.name}},
        ADDRESS.partition(".")[0]: {"it": setting},
    }
    stack.write(kinds)
    stack.apply()
    for _ in range(2):
        assert stack.changes() == {ADDRESS: ["update"]}
        stack.apply()

    setting["rule"] = [{**rule, "blocked_encryption_types": ["SSE-C"]}]
    stack.write(kinds)
    stack.apply()
    assert stack.changes() == {}
    assert stack.attributes(ADDRESS)["rule"][0]["blocked_encryption_types"] == ["SSE-C"]

    setting["rule"] = [{**rule, "blocked_encryption_types": ["NONE"]}]
    stack.write(kinds)
    stack.apply()
    assert stack.changes() == {}
    found = aws.client("s3").get_bucket_encryption(Bucket=stack.name)
    (applied,) = found["ServerSideEncryptionConfiguration"]["Rules"]
    assert applied["BlockedEncryptionTypes"] == {"EncryptionType": ["NONE"]}
    stack.destroy()


def test_a_blocked_type_that_does_not_exist_is_refused(stack: Stack) -> None:
    rule = {"blocked_encryption_types": ["ROT13"]}
    stack.write({ADDRESS.partition(".")[0]: {"it": {"bucket": "b", "rule": [rule]}}})
    assert "ROT13" in stack.refused()
