from embedded.aws import EmbeddedAws
from embedded.standins.aws.s3_bucket import valid_name
from tests.embedded.standins.conftest import Stack


def test_names_that_s3_takes() -> None:
    assert valid_name("fll-layers-123456789012-eu-central-1")
    assert valid_name("a.b-c")
    for name in ("ab", "Upper", "a_b", "-a-", "a..b", "192.168.5.4", "xn--a", "a" * 64):
        assert not valid_name(name)


def test_force_destroy_removes_every_version_and_delete_marker(
    stack: Stack, aws: EmbeddedAws
) -> None:
    bucket = {"bucket": stack.name, "force_destroy": False}
    versioning = {
        "bucket": "${aws_s3_bucket.it.id}",
        "versioning_configuration": {"status": "Enabled"},
    }
    kinds = {"aws_s3_bucket": {"it": bucket}, "aws_s3_bucket_versioning": {"it": versioning}}
    stack.write(kinds)
    stack.apply()
    s3 = aws.client("s3")
    for content in (b"1", b"2"):
        s3.put_object(Bucket=stack.name, Key="a", Body=content)
    s3.delete_object(Bucket=stack.name, Key="a")
    assert "BucketNotEmpty" in stack.refused("destroy", "-auto-approve")

    bucket["force_destroy"] = True
    stack.write(kinds)
    stack.apply()
    stack.destroy()
    assert stack.name not in [found["Name"] for found in s3.list_buckets()["Buckets"]]


def test_default_tags_are_in_tags_all_and_drift_of_tags_is_seen(
    stack: Stack, aws: EmbeddedAws
) -> None:
    stack.write(
        {"aws_s3_bucket": {"it": {"bucket": stack.name, "tags": {"own": "1"}}}},
        provider={"aws": {"default_tags": {"tags": {"team": "a"}}}},
    )
    stack.apply()
    found = stack.attributes("aws_s3_bucket.it")
    assert found["tags"] == {"own": "1"}
    assert found["tags_all"] == {"own": "1", "team": "a"}
    s3 = aws.client("s3")
    tags = s3.get_bucket_tagging(Bucket=stack.name)["TagSet"]
    assert {tag["Key"]: tag["Value"] for tag in tags} == {"own": "1", "team": "a"}
    s3.put_bucket_tagging(Bucket=stack.name, Tagging={"TagSet": [{"Key": "own", "Value": "2"}]})
    assert stack.changes() == {"aws_s3_bucket.it": ["update"]}


def test_a_name_that_s3_refuses_fails_the_apply(stack: Stack) -> None:
    stack.write({"aws_s3_bucket": {"it": {"bucket": "Upper-Case"}}})
    assert "validating S3 Bucket (Upper-Case) name" in stack.refused("apply", "-auto-approve")
