"""ministack as the agent sees it: the place that knows projects and checks who may do what."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import botocore.credentials
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import ClientError

from embedded import clients
from embedded.calls import INTERNAL, PRINCIPAL
from embedded.clients import Credentials

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient

TARGET = "CodeBuild_20161006"
JSON = "application/x-amz-json-1.1"
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "date", "server"}


@dataclass(frozen=True)
class Answer:
    """An answer to an API call."""

    status: int
    document: Any
    principal: str = ""

    @property
    def error(self) -> str:
        """The kind of error, empty when there is none."""
        if self.status == 200:
            return ""
        return str(self.document.get("__type", "")).rpartition("#")[2]


class Upstream:
    """ministack's endpoint."""

    def __init__(self, url: str, region: str, credentials: Credentials) -> None:
        self.url = url
        self.region = region
        self.credentials = credentials
        self.iam: IAMClient = self.client("iam")

    def client(self, service: str) -> Any:
        """Return a new client with all rights, whose calls are not recorded."""
        return clients.client(service, self.url, self.region, self.credentials, user_agent=INTERNAL)

    def forward(self, headers: Mapping[str, str], body: bytes) -> Answer:
        """Pass a request on as it came: the signature covers the headers, Host included."""
        place = urlsplit(self.url)
        connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=60)
        try:
            connection.putrequest("POST", "/", skip_host=True, skip_accept_encoding=True)
            for name, value in headers.items():
                if name.lower() not in HOP_BY_HOP:
                    connection.putheader(name, value)
            connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            response = connection.getresponse()
            content = response.read()
            principal = response.headers.get(PRINCIPAL, "")
        finally:
            connection.close()
        return Answer(response.status, json.loads(content or b"{}"), principal)

    def ask(self, operation: str, document: Mapping[str, Any]) -> Answer:
        """Call an operation with all rights, unrecorded."""
        body = json.dumps(document).encode()
        headers = {
            "Content-Type": JSON,
            "X-Amz-Target": f"{TARGET}.{operation}",
            "User-Agent": INTERNAL,
        }
        request = AWSRequest("POST", f"{self.url}/", headers=headers, data=body)
        signer = botocore.credentials.Credentials(
            self.credentials.access_key_id, self.credentials.secret_access_key
        )
        SigV4Auth(signer, "codebuild", self.region).add_auth(request)
        host = {"Host": urlsplit(self.url).netloc}
        return self.forward({**host, **dict(request.headers.items())}, body)

    def may(
        self, principal: str, action: str, resource: str, context: Mapping[str, str] | None = None
    ) -> bool:
        """Whether a principal's policies allow an action on a resource."""
        if principal.endswith(":root"):
            return True
        try:
            verdict = self.iam.simulate_principal_policy(
                PolicySourceArn=self._source_arn(principal),
                ActionNames=[action],
                ResourceArns=[resource],
                ContextEntries=[
                    {
                        "ContextKeyName": key,
                        "ContextKeyValues": [value],
                        "ContextKeyType": "string",
                    }
                    for key, value in (context or {}).items()
                ],
            )
        except ClientError:
            return False
        results = verdict["EvaluationResults"]
        return bool(results) and all(r["EvalDecision"] == "allowed" for r in results)

    def _source_arn(self, principal: str) -> str:
        """Return whose policies count: for an assumed role, those of the role."""
        if ":assumed-role/" not in principal:
            return principal
        name = principal.split("/")[1]
        return self.iam.get_role(RoleName=name)["Role"]["Arn"]
