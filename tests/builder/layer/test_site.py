from pathlib import Path

import pytest

from builder.aws.session import Credentials, Session
from builder.layer.connected import layers_at
from builder.spec.app_spec import AppSpec
from embedded.aws import EmbeddedAws
from tests.builder.conftest import environ, spec_of


def test_by_hand_the_names_are_those_that_the_stack_gives(
    aws: EmbeddedAws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environ(monkeypatch, aws.environment())
    session = Session(Credentials(), "eu-central-1")
    web, api = layers_at(AppSpec("billing"), (spec_of("web"), spec_of("api")), tmp_path, session)

    assert web.site.layer_name == "billing-web"
    assert web.site.bucket == "billing-layers-123456789012-eu-central-1"
    assert web.site.project == "billing-layers"
    assert web.site.build_role == ("arn:aws:iam::123456789012:role/billing-web-eu-central-1-build")
    assert web.site.log_group == "/aws/codebuild/billing-layers"
    assert (web.site.account, web.site.region) == ("123456789012", "eu-central-1")
    assert web.services is api.services
    assert (web.root, api.spec) == (tmp_path, spec_of("api"))


def test_roles_of_other_partitions_have_their_partition(
    aws: EmbeddedAws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environ(monkeypatch, aws.environment())
    (web,) = layers_at(
        AppSpec("billing"), (spec_of(),), tmp_path, Session(Credentials(), "us-gov-west-1")
    )

    assert web.site.build_role.startswith("arn:aws-us-gov:iam::")
    account = web.site.account
    assert web.site.layer_arn == f"arn:aws-us-gov:lambda:us-gov-west-1:{account}:layer:billing-web"
