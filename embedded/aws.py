"""The embedded AWS as one thing: ministack and the CodeBuild agent, started and ended together."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import threading
import uuid
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, overload

from embedded import clients
from embedded.calls import Call, Journal
from embedded.clients import Credentials
from embedded.codebuild import process as agent_process
from embedded.ministack import process as ministack
from embedded.ministack.process import Identity
from embedded.processes import bind, no_proxy, rebind

if TYPE_CHECKING:
    from mypy_boto3_cloudtrail import CloudTrailClient
    from mypy_boto3_codebuild import CodeBuildClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sts import STSClient


class EmbeddedAws:
    """An AWS of its own on loopback; a context manager.

    ``state`` is the folder for everything it writes; without one it uses a temporary folder and
    removes it at the end. ``python`` is the interpreter that builds find as ``python3``; the
    default is the one this process runs under.
    """

    def __init__(
        self,
        state: Path | None = None,
        *,
        identity: Identity | None = None,
        python: Path | None = None,
    ) -> None:
        self.identity = identity or Identity()
        self.python = python
        self._state = state
        self._ends = ExitStack()
        self._clients: dict[str, Any] = {}
        self._looking = threading.Lock()

    def __enter__(self) -> EmbeddedAws:
        with ExitStack() as ends:
            self.state = self._state or Path(tempfile.mkdtemp(prefix="embedded-aws-"))
            if self._state is None:
                ends.callback(shutil.rmtree, self.state, ignore_errors=True)
            self.state.mkdir(parents=True, exist_ok=True)
            with bind() as gateway, bind() as front:
                self.agent_port = front.getsockname()[1]
                self.codebuild_url = f"http://127.0.0.1:{self.agent_port}"
                self._ministack = ministack.start(
                    self.state,
                    self.identity,
                    gateway,
                    {"AWS_ENDPOINT_URL_CODEBUILD": self.codebuild_url},
                )
                ends.callback(self._ministack.child.stop)
                self.url = self._ministack.url
                self._journal = Journal(self._ministack.journal)
                self.agent = agent_process.start(
                    self.state, self.identity, front, self.url, self.python
                )
                ends.callback(self.stop_agent)
            ministack.wait(self._ministack, self.state)
            agent_process.wait(self.agent, self.agent_port, self.state)
            self._ends = ends.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._looking:
            while self._clients:
                self._clients.popitem()[1].close()
        self._ends.close()

    def stop_agent(self) -> None:
        """End the CodeBuild agent and its builds."""
        self.agent.stop()

    def restart_agent(self) -> None:
        """End the CodeBuild agent and start it again on the same port and state."""
        self.stop_agent()
        with rebind(self.agent_port) as front:
            self.agent = agent_process.start(
                self.state, self.identity, front, self.url, self.python
            )
        agent_process.wait(self.agent, self.agent_port, self.state)

    def environment(self) -> dict[str, str]:
        """Return the variables that send boto3, the AWS CLI and Terraform here, with all rights.

        Lay them over an environment without AWS settings (:func:`without_aws`): a variable that is
        not set, such as AWS_PROFILE, cannot be taken away by a dict.
        """
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ENDPOINT_URL_CODEBUILD": self.codebuild_url,
            "AWS_ACCESS_KEY_ID": self.identity.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self.identity.secret_access_key,
            "AWS_REGION": self.identity.region,
            "AWS_DEFAULT_REGION": self.identity.region,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            **no_proxy(),
        }

    def process_environment(self) -> dict[str, str]:
        """Return this process's environment with the embedded AWS in the place of any other."""
        return {**without_aws(os.environ), **self.environment()}

    @overload
    def client(self, service: Literal["s3"], environment: Mapping[str, str] = ...) -> S3Client: ...
    @overload
    def client(
        self, service: Literal["iam"], environment: Mapping[str, str] = ...
    ) -> IAMClient: ...
    @overload
    def client(
        self, service: Literal["sts"], environment: Mapping[str, str] = ...
    ) -> STSClient: ...
    @overload
    def client(
        self, service: Literal["lambda"], environment: Mapping[str, str] = ...
    ) -> LambdaClient: ...
    @overload
    def client(
        self, service: Literal["logs"], environment: Mapping[str, str] = ...
    ) -> CloudWatchLogsClient: ...
    @overload
    def client(
        self, service: Literal["codebuild"], environment: Mapping[str, str] = ...
    ) -> CodeBuildClient: ...
    @overload
    def client(
        self, service: Literal["events"], environment: Mapping[str, str] = ...
    ) -> EventBridgeClient: ...
    @overload
    def client(
        self, service: Literal["cloudtrail"], environment: Mapping[str, str] = ...
    ) -> CloudTrailClient: ...
    @overload
    def client(self, service: str, environment: Mapping[str, str] = ...) -> Any: ...

    def client(self, service: Any, environment: Mapping[str, str] | None = None) -> Any:
        """Return a boto3 client with all rights, or as whoever an environment says.

        That with all rights is one for all who ask, and ends with this; hang no handlers on it.
        """
        if environment is not None:
            return self._new_client(service, environment)
        with self._looking:
            if service not in self._clients:
                self._clients[service] = self._new_client(service, self.environment())
            return self._clients[service]

    def _new_client(self, service: str, settings: Mapping[str, str]) -> Any:
        url = settings.get(f"AWS_ENDPOINT_URL_{service.upper()}", settings["AWS_ENDPOINT_URL"])
        credentials = Credentials(
            settings["AWS_ACCESS_KEY_ID"],
            settings["AWS_SECRET_ACCESS_KEY"],
            settings.get("AWS_SESSION_TOKEN"),
        )
        region = settings.get("AWS_REGION", self.identity.region)
        return clients.client(service, url, region, credentials)

    def user(self, policy: Mapping[str, Any], name: str | None = None) -> dict[str, str]:
        """Make an IAM user who may do what the policy says; return the environment to be them."""
        name = name or f"user-{uuid.uuid4().hex[:12]}"
        iam = self.client("iam")
        iam.create_user(UserName=name)
        iam.put_user_policy(UserName=name, PolicyName="policy", PolicyDocument=json.dumps(policy))
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return {
            **self.environment(),
            "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
        }

    def calls(self) -> list[Call]:
        """Return the API calls so far, oldest answer first; ``len()`` of it is a bookmark."""
        return self._journal.calls()


def without_aws(environment: Mapping[str, str]) -> dict[str, str]:
    """Return an environment without any AWS setting."""
    return {name: value for name, value in environment.items() if not name.startswith("AWS_")}
