from __future__ import annotations

from typing import TYPE_CHECKING

from embedded.clients import Credentials
from embedded.codebuild.upstream import Upstream

if TYPE_CHECKING:
    from tests.embedded.conftest import Workshop


def test_a_roles_session_may_what_the_role_may(workshop: Workshop) -> None:
    aws = workshop.aws
    identity = aws.identity
    own = Credentials(identity.access_key_id, identity.secret_access_key)
    upstream = Upstream(aws.url, identity.region, own)
    role = workshop.role(workshop.policy("codebuild:StopBuild", resource="arn:*:project/mine"))
    name = role.rpartition("/")[2]
    principal = f"arn:aws:sts::{identity.account}:assumed-role/{name}/session"

    assert upstream.may(principal, "codebuild:StopBuild", "arn:x:project/mine")
    assert not upstream.may(principal, "codebuild:StopBuild", "arn:x:project/other")
    assert not upstream.may(principal, "codebuild:StartBuild", "arn:x:project/mine")
    assert not upstream.may(f"{principal}-gone/x", "codebuild:StopBuild", "arn:x:project/other")
    assert upstream.may(f"arn:aws:iam::{identity.account}:root", "anything", "*")


def test_questions_of_its_own_are_not_among_the_calls(workshop: Workshop) -> None:
    aws = workshop.aws
    own = Credentials(aws.identity.access_key_id, aws.identity.secret_access_key)
    upstream = Upstream(aws.url, aws.identity.region, own)
    before = len(aws.calls())
    answer = upstream.ask("BatchGetProjects", {"names": ["none"]})

    assert answer.document == {"projects": [], "projectsNotFound": ["none"]}
    assert aws.calls()[before:] == []
