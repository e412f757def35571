"""What the comparison with hashicorp/aws 3.39.0 has shown (`make conformance`), type by type."""

import json
from typing import Any

from embedded.aws import EmbeddedAws
from tests.embedded.standins.conftest import Stack

TRUST = {"Service": "lambda.amazonaws.com"}


def policy(action: str, **more: Any) -> str:
    statement = {"Effect": "Allow", "Action": action, **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def role(name: str) -> dict[str, Any]:
    return {"name": name, "assume_role_policy": policy("sts:AssumeRole", Principal=TRUST)}


def writes(aws: EmbeddedAws, since: int) -> list[str]:
    return sorted(call.operation for call in aws.calls()[since:] if call.is_write)


def test_tags_alone_change_nothing_but_tags(stack: Stack, aws: EmbeddedAws) -> None:
    name = stack.name
    group: dict[str, Any] = {"name": f"/x/{name}", "retention_in_days": 7}
    mine: dict[str, Any] = {
        **role(name),
        "inline_policy": [{"name": "own", "policy": policy("s3:GetObject", Resource="*")}],
    }
    kinds = {"aws_cloudwatch_log_group": {"it": group}, "aws_iam_role": {"it": mine}}
    stack.write(kinds)
    stack.apply()
    group["tags"] = mine["tags"] = {"team": "a"}
    stack.write(kinds)
    before = len(aws.calls())
    stack.apply()
    assert writes(aws, before) == ["TagResource", "TagRole"]
    assert stack.changes() == {}
    stack.destroy()


def test_all_tags_are_unknown_where_there_are_none(stack: Stack) -> None:
    kinds = {"aws_cloudwatch_log_group": {"it": {"name": f"/x/{stack.name}"}}}
    stack.write(kinds)
    stack.changes()
    address = "aws_cloudwatch_log_group.it"
    assert stack.change(address)["after_unknown"]["tags_all"] is True
    stack.write(kinds, provider={"aws": {"default_tags": {"tags": {"team": "a"}}}})
    stack.changes()
    assert stack.change(address)["after"]["tags_all"] == {"team": "a"}
    stack.apply()
    stack.write(kinds)
    assert stack.changes() == {address: ["update"]}
    assert stack.change(address)["after_unknown"]["tags_all"] is True
    stack.apply()
    assert stack.attributes(address)["tags_all"] == {}
    assert stack.changes() == {}
    stack.destroy()


def test_a_function_is_made_with_one_write_and_its_unknown_layers_are_unknown_as_a_whole(
    stack: Stack, aws: EmbeddedAws
) -> None:
    known = "arn:aws:lambda:eu-central-1:123456789012:layer:a:1"
    function = {
        "function_name": stack.name,
        "role": "${aws_iam_role.it.arn}",
        "handler": "main.handler",
        "runtime": "python3.12",
        "filename": stack.zip(),
    }
    kinds: dict[str, Any] = {
        "aws_iam_role": {"it": role(stack.name)},
        "aws_lambda_function": {"it": {**function, "layers": [known, "${aws_iam_role.it.arn}"]}},
    }
    stack.write(kinds)
    stack.changes()
    assert stack.change("aws_lambda_function.it")["after_unknown"]["layers"] is True
    kinds["aws_lambda_function"]["it"] = function
    stack.write(kinds)
    before = len(aws.calls())
    stack.apply()
    assert writes(aws, before) == ["CreateFunction", "CreateRole"]
    assert stack.attributes("aws_lambda_function.it")["layers"] is None
    permission = {
        "statement_id": "events",
        "action": "lambda:InvokeFunction",
        "function_name": "${aws_lambda_function.it.function_name}",
        "principal": "events.amazonaws.com",
    }
    kinds["aws_lambda_permission"] = {"it": permission}
    stack.write(kinds)
    stack.apply()
    allowed = stack.attributes("aws_lambda_permission.it")
    assert (allowed["qualifier"], allowed["source_account"]) == ("", None)
    assert stack.changes() == {}
    stack.destroy()


def test_what_is_not_set_of_a_project_is_empty_and_not_null(stack: Stack) -> None:
    project = {
        "name": stack.name,
        "service_role": "${aws_iam_role.it.arn}",
        "artifacts": {"type": "NO_ARTIFACTS"},
        "environment": {
            "type": "LINUX_CONTAINER",
            "compute_type": "BUILD_GENERAL1_SMALL",
            "image": "public.ecr.aws/sam/build-python3.12:latest",
        },
        "source": {"type": "NO_SOURCE", "buildspec": "version: 0.2\n"},
    }
    kinds = {"aws_iam_role": {"it": role(stack.name)}, "aws_codebuild_project": {"it": project}}
    stack.write(kinds)
    stack.apply()
    found = stack.attributes("aws_codebuild_project.it")
    assert found["concurrent_build_limit"] == 0
    assert found["source"][0]["git_clone_depth"] == 0
    assert found["source"][0]["insecure_ssl"] is False
    assert (found["artifacts"][0]["path"], found["environment"][0]["certificate"]) == ("", "")
    assert stack.changes() == {}
    stack.destroy()


def test_a_rules_pattern_is_normalised_and_an_empty_filter_has_an_empty_prefix(
    stack: Stack,
) -> None:
    rule = {"name": stack.name, "event_pattern": '{"source": ["b"], "detail": {"x": ["<1>"]}}'}
    expiring = {"id": "a", "status": "Enabled", "filter": {}, "expiration": {"days": 9}}
    kinds = {
        "aws_cloudwatch_event_rule": {"it": rule},
        "aws_s3_bucket": {"it": {"bucket": stack.name}},
        "aws_s3_bucket_lifecycle_configuration": {
            "it": {"bucket": "${aws_s3_bucket.it.id}", "rule": [expiring]}
        },
    }
    stack.write(kinds)
    stack.changes()
    normalised = '{"detail":{"x":["\\u003c1\\u003e"]},"source":["b"]}'
    planned = stack.change("aws_cloudwatch_event_rule.it")["after"]
    assert planned["event_pattern"] == normalised
    lifecycle = "aws_s3_bucket_lifecycle_configuration.it"
    assert stack.change(lifecycle)["after"]["rule"][0]["filter"][0]["prefix"] == ""
    assert stack.change(lifecycle)["after"]["expected_bucket_owner"] == ""
    stack.apply()
    assert stack.attributes("aws_cloudwatch_event_rule.it")["event_pattern"] == normalised
    assert stack.changes() == {}
    stack.destroy()
