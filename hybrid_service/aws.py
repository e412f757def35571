"""S3 and ECS as a service needs them; the only import of boto3 in this package."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import boto3
from boto3.exceptions import Boto3Error
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from hybrid_service.errors import ServiceError
from hybrid_service.state import KEY, Seen, State

ERRORS = (ClientError, BotoCoreError, Boto3Error)
"""What a call may raise."""

_LOST = {"PreconditionFailed", "ConditionalRequestConflict", "412", "409"}
"""S3 user guide, "Conditional writes": another write was first, or ran at the same moment."""
DENIED = {"AccessDenied", "403", "InvalidAccessKeyId", "SignatureDoesNotMatch", "NoSuchBucket"}
"""What waiting does not change."""
_ABSENT = {"NoSuchKey", "404", "NotFound"}
GONE = {*_ABSENT, "NoSuchVersion", "MethodNotAllowed", "405"}
"""What S3 says of a version that was deleted, or is a delete marker (Amazon S3 API reference)."""

_making = threading.Lock()


def client(service: str) -> Any:
    """Return a client with short waits and few retries: callers repeat, and watch their time."""
    config = Config(
        connect_timeout=3,
        read_timeout=20,
        retries={"mode": "standard", "total_max_attempts": 3},
    )
    with _making:  # making clients is not safe in threads (boto3 guide, "Session")
        region = os.environ.get("AWS_REGION")  # boto3 itself reads AWS_DEFAULT_REGION alone
        return boto3.session.Session(region_name=region).client(service, config=config)  # type: ignore[call-overload] # no literal


def code_of(error: Exception) -> str:
    """Return AWS's name of an error, empty for one that AWS did not send."""
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Code", ""))
    return ""


class Store:
    """The objects of one service, below its prefix of a bucket."""

    def __init__(self, bucket: str, prefix: str, s3: Any = None) -> None:
        self.bucket = bucket
        self.prefix = prefix
        self.s3 = s3 or client("s3")

    def where(self, key: str) -> str:
        """Return an object's address."""
        return f"s3://{self.bucket}/{self.prefix}{key}"

    def read(self) -> Seen:
        """Return the state with its age by S3's own clock."""
        try:
            answer = self.s3.get_object(Bucket=self.bucket, Key=self.prefix + KEY)
        except ClientError as error:
            if code_of(error) not in _ABSENT:
                raise
            return Seen(State(), "", 0.0, _date(error.response))
        now = _date(answer)
        modified: datetime = answer["LastModified"]
        state = State.from_json(answer["Body"].read(), self.where(KEY))
        return Seen(state, answer["ETag"], max(0.0, now - modified.timestamp()), now)

    def write(self, state: State, etag: str) -> str | None:
        """Write the state if it is still the one with this ETag; return the new ETag, or None.

        An empty ETag stands for no state at all. If an answer was lost on the way, the retry finds
        its own write there, which counts.
        """
        condition = {"IfMatch": etag} if etag else {"IfNoneMatch": "*"}
        try:
            answer = self.s3.put_object(
                Bucket=self.bucket,
                Key=self.prefix + KEY,
                Body=state.to_json(),
                ContentType="application/json",
                **condition,
            )
        except ClientError as error:
            # A 404 answers If-Match on an object that was deleted in between.
            if code_of(error) not in _LOST | _ABSENT:
                raise
            found = self.read()
            return found.etag if found.state.nonce == state.nonce else None
        return str(answer["ETag"])

    def get(self, key: str) -> bytes:
        """Return a small object's content."""
        answer = self.s3.get_object(Bucket=self.bucket, Key=self.prefix + key)
        return bytes(answer["Body"].read())

    def upload(self, file: Path, key: str, progress: Callable[[int], None]) -> tuple[str, int]:
        """Upload a file; return the version and the size that S3 has."""
        self.s3.upload_file(str(file), self.bucket, self.prefix + key, Callback=progress)
        head = self.s3.head_object(Bucket=self.bucket, Key=self.prefix + key)
        return str(head.get("VersionId", "")), int(head["ContentLength"])

    def download(self, key: str, version: str, file: Path) -> None:
        """Download one version of an object."""
        extra = {"VersionId": version} if version else {}
        self.s3.download_file(self.bucket, self.prefix + key, str(file), ExtraArgs=extra)

    def keys(self, folder: str) -> list[str]:
        """Return the keys in a folder, without the service's prefix."""
        pages = self.s3.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Prefix=self.prefix + folder
        )
        found = [entry["Key"] for page in pages for entry in page.get("Contents", ())]
        return [key.removeprefix(self.prefix) for key in found]

    def delete(self, key: str) -> None:
        """Delete an object; its versions stay until the bucket's lifecycle forgets them."""
        self.s3.delete_object(Bucket=self.bucket, Key=self.prefix + key)


def _date(answer: Mapping[str, Any]) -> float:
    """Return the time of an answer by the clock of the server that gave it."""
    headers = answer["ResponseMetadata"].get("HTTPHeaders", {})
    return parsedate_to_datetime(headers["date"]).timestamp()


class Cluster:
    """The ECS cluster in which tasks run."""

    def __init__(self, name: str, ecs: Any = None) -> None:
        self.name = name
        self.ecs = ecs or client("ecs")

    def run(
        self,
        task_definition: str,
        container: str,
        environment: Mapping[str, str],
        *,
        subnets: Sequence[str],
        security_groups: Sequence[str],
        public_address: bool,
        token: str,
    ) -> str:
        """Start one task on Fargate and return its ARN; raise ServiceError if ECS refuses.

        With the same ``token`` ECS starts it once (ECS API reference, RunTask, clientToken).
        """
        answer = self.ecs.run_task(
            cluster=self.name,
            taskDefinition=task_definition,
            launchType="FARGATE",
            count=1,
            clientToken=token,
            startedBy=token[:36],
            networkConfiguration={
                "awsvpcConfiguration": {
                    "subnets": list(subnets),
                    "securityGroups": list(security_groups),
                    "assignPublicIp": "ENABLED" if public_address else "DISABLED",
                }
            },
            overrides={
                "containerOverrides": [
                    {
                        "name": container,
                        "environment": [
                            {"name": name, "value": value} for name, value in environment.items()
                        ],
                    }
                ]
            },
        )
        if not answer["tasks"]:
            reasons = "; ".join(
                f"{failure.get('reason', '')} {failure.get('detail', '')}".strip()
                for failure in answer.get("failures", ())
            )
            raise ServiceError(
                "ECS does not start the task", where=f"cluster {self.name}", expected=reasons
            )
        return str(answer["tasks"][0]["taskArn"])

    def ended(self, task: str) -> str | None:
        """Return why a task is stopped, None while it is not.

        ECS forgets stopped tasks after an hour: one that it does not know has ended.
        """
        answer = self.ecs.describe_tasks(cluster=self.name, tasks=[task])
        if not answer["tasks"]:
            return "the task is gone"
        found = answer["tasks"][0]
        if found["lastStatus"] != "STOPPED":
            return None
        causes = [found.get("stoppedReason", "")]
        for container in found.get("containers", ()):
            if "exitCode" in container:
                causes.append(f"exit code {container['exitCode']}")
            if container.get("reason"):
                causes.append(container["reason"])
        return "; ".join(cause for cause in causes if cause) or "the task has stopped"

    def stop(self, task: str, reason: str) -> None:
        """Stop a task."""
        self.ecs.stop_task(cluster=self.name, task=task, reason=reason)
