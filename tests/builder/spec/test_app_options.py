from typing import Any

import pytest

from builder.errors import SpecError
from builder.spec.app_spec import AppSpec, Vpc

KEY = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
VPC = {"id": "vpc-0123abcd", "subnets": ["subnet-0123abcd"], "security_groups": ["sg-0123abcd"]}


def test_options_are_off_unless_they_are_asked_for() -> None:
    app = AppSpec("shop")

    assert (app.kms_key, app.permissions_boundary, app.access_logs, app.vpc) == ("", "", "", None)
    assert (app.tracing, app.dead_letter, app.code_signing) == (False, "", "")
    assert app.log_retention_days == 30
    assert (app.role_path, app.roles) == ("/", "create")


def test_a_network_is_read_from_its_table() -> None:
    options: Any = {"vpc": VPC}

    assert AppSpec("shop", **options).vpc == Vpc(
        "vpc-0123abcd", ("subnet-0123abcd",), ("sg-0123abcd",)
    )


@pytest.mark.parametrize(
    ("key", "value", "what"),
    [
        ("kms_key", "alias/mine", "is not the ARN of a KMS key"),
        ("kms_key", KEY.replace("key/", "alias/"), "is not the ARN of a KMS key"),
        ("kms_key", f"{KEY}${{x}}", "is not the ARN of a KMS key"),
        ("permissions_boundary", "boundary", "is not the ARN of a policy"),
        ("role_path", "teams", "role_path is 'teams'"),
        ("role_path", "/teams", "role_path is '/teams'"),
        ("role_path", "//", "role_path is '//'"),
        ("role_path", "/a/b/c/d/", "role_path is '/a/b/c/d/'"),
        ("role_path", "/*/", r"role_path is '/\*/'"),
        ("role_path", "/${x}/", "role_path is"),
        ("role_path", "/a\n/", "role_path is"),
        ("role_path", 1, "role_path is 1"),
        ("roles", "mine", "roles cannot be 'mine'"),
        ("roles", "", "roles cannot be ''"),
        ("access_logs", "Logs", "is not the name of a bucket"),
        ("dead_letter", "arn:aws:s3:::x", "is not the ARN of a queue or topic"),
        ("code_signing", "csc-1", "is not the ARN of a code signing"),
        ("tracing", "yes", "tracing is 'yes'"),
        ("log_retention_days", 31, "log_retention_days is 31"),
        ("log_retention_days", True, "log_retention_days is True"),
        ("log_retention_days", [1], r"log_retention_days is \[1\]"),
        ("vpc", "vpc-0123abcd", "vpc is 'vpc-0123abcd'"),
        ("vpc", {"id": "vpc-0123abcd"}, "vpc is "),
        ("vpc", {**VPC, "subnets": []}, r"vpc.subnets is \[\]"),
        ("vpc", {**VPC, "subnets": ["${x}"]}, "vpc.subnets is"),
        ("vpc", {**VPC, "id": "net"}, "vpc.id is 'net'"),
    ],
)
def test_an_option_that_cannot_be_right_is_refused(key: str, value: Any, what: str) -> None:
    options: Any = {key: value}

    with pytest.raises(SpecError, match=what):
        AppSpec("shop", **options)
