import json

import pytest

from embedded.ministack.logs_actions import stream_of


def body(**fields: object) -> bytes:
    return json.dumps({"logGroupName": "builds", **fields}).encode()


@pytest.mark.parametrize("action", ["CreateLogStream", "PutLogEvents", "GetLogEvents"])
def test_calls_about_a_stream_are_judged_on_it(action: str) -> None:
    assert stream_of(f"Logs_20140328.{action}", body(logStreamName="web/1")) == "web/1"


@pytest.mark.parametrize(
    ("action", "content"),
    [
        ("CreateLogGroup", body()),
        ("FilterLogEvents", body(logStreamName="web/1")),
        ("PutLogEvents", b"no json"),
        ("PutLogEvents", b"[]"),
        ("PutLogEvents", body(logStreamName=7)),
    ],
)
def test_other_calls_are_judged_on_the_group(action: str, content: bytes) -> None:
    assert stream_of(f"Logs_20140328.{action}", content) == ""
