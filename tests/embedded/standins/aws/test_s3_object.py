from typing import Any

import pytest

from embedded.aws import EmbeddedAws
from tests.embedded.standins.conftest import Stack

pytestmark = pytest.mark.usefixtures("terraform")


def approval(stack: Stack, content: str, **more: Any) -> dict[str, Any]:
    bucket = "${aws_s3_bucket.it.id}"
    versioning = {"bucket": bucket, "versioning_configuration": {"status": "Enabled"}}
    written = {"bucket": bucket, "key": "receipts/approved", "content": content, **more}
    written["depends_on"] = ["aws_s3_bucket_versioning.it"]
    return {
        "aws_s3_bucket": {"it": {"bucket": stack.name, "force_destroy": True}},
        "aws_s3_bucket_versioning": {"it": versioning},
        "aws_s3_object": {"it": written},
    }


def test_a_new_content_changes_one_object_and_its_version(stack: Stack, aws: EmbeddedAws) -> None:
    stack.write(approval(stack, "f#1", tags={"a": "1"}))
    stack.apply()
    first = stack.attributes("aws_s3_object.it")
    stack.write(approval(stack, "f#2", tags={"a": "1"}))
    assert stack.changes() == {"aws_s3_object.it": ["update"]}
    change = stack.change("aws_s3_object.it")
    assert (change["before"]["content"], change["after"]["content"]) == ("f#1", "f#2")
    assert change["after_unknown"]["version_id"] is True
    stack.run("apply", "plan")
    second = stack.attributes("aws_s3_object.it")
    assert second["version_id"] != first["version_id"]
    assert second["etag"] != first["etag"]
    s3 = aws.client("s3")
    assert s3.get_object(Bucket=stack.name, Key="receipts/approved")["Body"].read() == b"f#2"

    stack.write(approval(stack, "f#2", tags={"a": "2"}))
    stack.apply()
    assert stack.attributes("aws_s3_object.it")["version_id"] == second["version_id"]

    # All versions go with the resource, not only the newest.
    kept = approval(stack, "")
    del kept["aws_s3_object"]
    stack.write(kept)
    stack.apply()
    assert "Versions" not in s3.list_object_versions(Bucket=stack.name)


def test_a_content_that_was_changed_by_hand_is_no_change_to_make(
    stack: Stack, aws: EmbeddedAws
) -> None:
    """The real provider does not read the content back."""
    stack.write(approval(stack, "f#1"))
    stack.apply()
    s3 = aws.client("s3")
    s3.put_object(
        Bucket=stack.name,
        Key="receipts/approved",
        Body=b"x",
        ContentType="application/octet-stream",
    )
    assert stack.changes() == {}
    s3.put_object(Bucket=stack.name, Key="receipts/approved", Body=b"x", Metadata={"by": "hand"})
    assert stack.changes() == {"aws_s3_object.it": ["update"]}


def test_a_file_is_uploaded(stack: Stack, aws: EmbeddedAws) -> None:
    file = stack.folder / "bundle.zip"
    file.write_bytes(b"\x00\xff")
    upload = approval(stack, "", source=str(file), source_hash="1")
    del upload["aws_s3_object"]["it"]["content"]
    stack.write(upload)
    stack.apply()
    body = aws.client("s3").get_object(Bucket=stack.name, Key="receipts/approved")["Body"].read()
    assert body == b"\x00\xff"
    upload["aws_s3_object"]["it"]["source_hash"] = "2"
    stack.write(upload)
    assert stack.changes() == {"aws_s3_object.it": ["update"]}
    assert stack.change("aws_s3_object.it")["after_unknown"]["etag"] is True
