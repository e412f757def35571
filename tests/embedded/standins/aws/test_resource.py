from collections.abc import Mapping
from typing import Any

import pytest

from embedded.standins.aws import resources
from embedded.standins.aws.resource import (
    chosen_name,
    cut,
    dropped,
    normalized,
    same_document,
)
from embedded.standins.values import UNKNOWN, State

GOOD = "arn:aws:iam::123456789012:role/x"


def refused(kind: str, config: Mapping[str, Any]) -> list[str]:
    """Return which arguments the type's checks refuse."""
    checks = resources()[kind].facts.checks
    return [str(error.path[0]) for check in checks for error in check(dict(config))]


@pytest.mark.parametrize(
    ("kind", "config", "argument"),
    [
        ("aws_s3_bucket", {"bucket": "a" * 64}, "bucket"),
        ("aws_s3_bucket", {"bucket": "a", "bucket_prefix": "b"}, "bucket"),
        ("aws_s3_bucket", {"acl": "private"}, "acl"),
        (
            "aws_s3_bucket_versioning",
            {"versioning_configuration": [{"status": "On"}]},
            "versioning_configuration",
        ),
        ("aws_s3_bucket_policy", {"policy": "{"}, "policy"),
        ("aws_s3_bucket_ownership_controls", {"rule": [{"object_ownership": "Mine"}]}, "rule"),
        ("aws_s3_bucket_lifecycle_configuration", {"rule": [{"id": "a", "status": "On"}]}, "rule"),
        ("aws_s3_object", {"content": "a", "source": "b"}, "source"),
        ("aws_s3_object", {"storage_class": "WARM"}, "storage_class"),
        ("aws_iam_role", {"name": "a b"}, "name"),
        ("aws_iam_role", {"assume_role_policy": "allow all"}, "assume_role_policy"),
        ("aws_iam_role", {"max_session_duration": 60}, "max_session_duration"),
        ("aws_iam_role_policy", {"role": GOOD}, "role"),
        ("aws_iam_role_policy_attachment", {"policy_arn": "ReadOnlyAccess"}, "policy_arn"),
        ("aws_cloudwatch_log_group", {"retention_in_days": 10}, "retention_in_days"),
        ("aws_cloudwatch_log_group", {"name": "a b"}, "name"),
        ("aws_codebuild_project", {"environment": [{"type": "LINUX"}]}, "environment"),
        ("aws_codebuild_project", {"environment": [{"compute_type": "BIG"}]}, "environment"),
        ("aws_codebuild_project", {"artifacts": [{"type": "FTP"}]}, "artifacts"),
        ("aws_codebuild_project", {"cache": [{"type": "DISK"}]}, "cache"),
        ("aws_codebuild_project", {"name": "a b"}, "name"),
        ("aws_codebuild_project", {"build_timeout": 1}, "build_timeout"),
        ("aws_codebuild_project", {"service_role": "role"}, "service_role"),
        ("aws_lambda_function", {"filename": "a", "runtime": "python3.5"}, "runtime"),
        ("aws_lambda_function", {"filename": "a", "layers": ["numpy"]}, "layers"),
        ("aws_lambda_function", {"filename": "a", "layers": [GOOD] * 6}, "layers"),
        ("aws_lambda_function", {"filename": "a", "architectures": ["arm"]}, "architectures"),
        ("aws_lambda_function", {"filename": "a", "memory_size": 64}, "memory_size"),
        ("aws_lambda_function", {"filename": "a", "timeouts": {"create": "soon"}}, "timeouts"),
        ("aws_lambda_function", {}, "filename"),
        ("aws_lambda_function", {"s3_bucket": "a"}, "s3_bucket"),
        ("aws_lambda_permission", {"action": "invoke"}, "action"),
        ("aws_lambda_permission", {"source_account": "1"}, "source_account"),
        (
            "aws_lambda_function_event_invoke_config",
            {"maximum_retry_attempts": 3},
            "maximum_retry_attempts",
        ),
        ("aws_cloudwatch_event_rule", {"event_pattern": "aws.codebuild"}, "event_pattern"),
        ("aws_cloudwatch_event_target", {"input": "{}", "input_path": "$"}, "input"),
        ("aws_sns_topic", {"name": "a b"}, "name"),
    ],
)
def test_what_the_real_provider_refuses_is_refused(
    kind: str, config: Mapping[str, Any], argument: str
) -> None:
    assert refused(kind, config) == [argument]


def test_an_event_may_be_too_old_at_once() -> None:
    retry = {"maximum_event_age_in_seconds": 0}
    assert refused("aws_cloudwatch_event_target", {"retry_policy": [retry]}) == []


def test_a_document_is_written_as_go_writes_it() -> None:
    text = '{ "b": ["<a&b>", "ü"],\n "a": {"d": 1, "c": null} }'
    assert normalized(text) == ('{"a":{"c":null,"d":1},"b":["\\u003ca\\u0026b\\u003e","ü"]}')


REQUIRED = {
    "aws_lambda_function": {"filename": UNKNOWN},
    "aws_vpc_security_group_egress_rule": {"cidr_ipv4": UNKNOWN},
    "aws_vpc_security_group_ingress_rule": {"referenced_security_group_id": UNKNOWN},
}
"""Arguments of which one has to be given, whatever it is."""


@pytest.mark.parametrize("kind", resources())
def test_nothing_is_refused_that_is_not_known_yet(kind: str) -> None:
    defaults = resources()[kind].facts.defaults
    unknown = {path.partition(".")[0]: UNKNOWN for path in defaults}
    assert refused(kind, {**unknown, **REQUIRED.get(kind, {})}) == []


def test_a_name_is_chosen_by_prefix() -> None:
    assert chosen_name({"name": "a", "name_prefix": UNKNOWN}) == "a"
    assert chosen_name({"name": UNKNOWN, "name_prefix": "p-"}).startswith("p-")
    assert chosen_name({"name": None, "name_prefix": None}).startswith("terraform-")
    names = {chosen_name({"name": None, "name_prefix": None}) for _ in range(20)}
    assert len(names) == 20


def test_a_policy_keeps_its_text_while_it_says_the_same() -> None:
    assert same_document('{"a": 1}', {"a": 1}) == '{"a": 1}'
    assert same_document('{"a": 1}', {"a": 2}) == '{"a":2}'
    assert same_document(None, '{"a": 2}') == '{"a": 2}'


def test_requests_leave_out_what_is_not_set() -> None:
    request: State = {"a": None, "b": "", "c": UNKNOWN, "d": 0, "e": False, "f": []}
    assert cut(request) == {"d": 0, "e": False, "f": []}


def test_dropped_tags_are_named() -> None:
    assert dropped({"tags_all": {"a": "1", "b": "1"}}, {"tags_all": {"b": "2"}}) == ["a"]
    assert dropped({"tags_all": None}, {"tags_all": {"b": "2"}}) == []
