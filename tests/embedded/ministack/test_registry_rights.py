from __future__ import annotations

import base64
import json
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from embedded.aws import EmbeddedAws
from embedded.calls import INTERNAL
from embedded.ministack.registry_rights import who_and_where
from tests.patience import PATIENCE


@pytest.fixture
def repository(aws: EmbeddedAws) -> Iterator[str]:
    name = f"r{uuid.uuid4().hex[:8]}/web"
    ecr: Any = aws.client("ecr")
    ecr.create_repository(repositoryName=name)
    yield name
    ecr.delete_repository(repositoryName=name, force=True)


def login_of(aws: EmbeddedAws, *statements: dict[str, Any]) -> str:
    """Return the login of a user who may do these things, and ask for a login."""
    token = {"Effect": "Allow", "Action": "ecr:GetAuthorizationToken", "Resource": "*"}
    user = aws.user({"Version": "2012-10-17", "Statement": [token, *statements]})
    ecr: Any = aws.client("ecr", user)
    return str(ecr.get_authorization_token()["authorizationData"][0]["authorizationToken"])


def status(
    aws: EmbeddedAws, method: str, path: str, login: str = "", headers: dict[str, str] | None = None
) -> int:
    known = {"Authorization": f"Basic {login}"} if login else {}
    request = urllib.request.Request(
        f"{aws.url}/v2/{path}", method=method, headers={**known, **(headers or {})}
    )
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def may(repository: str, *actions: str) -> dict[str, Any]:
    arn = f"arn:aws:ecr:eu-central-1:123456789012:repository/{repository}"
    return {"Effect": "Allow", "Action": list(actions), "Resource": arn}


def test_a_login_pushes_where_its_caller_may(aws: EmbeddedAws, repository: str) -> None:
    begin = f"{repository}/blobs/uploads/"
    able = login_of(aws, may(repository, "ecr:InitiateLayerUpload"))
    reader = login_of(aws, may(repository, "ecr:BatchGetImage"))
    elsewhere = login_of(aws, may(f"{repository}2", "ecr:*"))

    assert status(aws, "POST", begin, able) == 202
    assert status(aws, "POST", begin, reader) == 403
    assert status(aws, "POST", begin, elsewhere) == 403
    assert status(aws, "GET", f"{repository}/manifests/1", reader) == 404
    assert status(aws, "GET", f"{repository}/manifests/1", able) == 403


def test_without_a_login_one_is_asked_for(aws: EmbeddedAws, repository: str) -> None:
    path = f"{repository}/manifests/1"
    stranger = base64.b64encode(b"AWS:AKIANOBODY").decode()

    assert status(aws, "GET", path) == 401
    assert status(aws, "GET", path, stranger) == 401
    assert status(aws, "GET", path, headers={"User-Agent": INTERNAL}) == 404


def test_the_key_in_a_login_is_read() -> None:
    login = base64.b64encode(b"AWS:AKIA1/eu-west-2").decode()

    assert who_and_where({"authorization": f"Basic {login}"}) == ("AKIA1", "eu-west-2")
    assert who_and_where({"authorization": "Basic ?"}) == ("", "")
    assert who_and_where({"authorization": "Bearer x"}) == ("", "")
    assert who_and_where({}) == ("", "")


def test_a_password_is_the_account_roots_own_too(aws: EmbeddedAws, repository: str) -> None:
    ecr: Any = aws.client("ecr")
    (given,) = ecr.get_authorization_token()["authorizationData"]

    assert status(aws, "POST", f"{repository}/blobs/uploads/", given["authorizationToken"]) == 202
    assert json.dumps(given["proxyEndpoint"])
