"""A layer that was released three times, put back as it was before each command that is tried."""

from __future__ import annotations

import json
import re
from typing import Any

from click.testing import Result

from builder.aws.services import connect
from tests.builder.aws.test_layers import archive
from tests.builder.commands.conftest import Project, name_function, releases

Document = dict[str, Any]


class Ground:
    """What commands are tried on: releases of web, a function that has one, and layers.toml."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.lambda_: Any = project.aws.client("lambda")
        self.s3: Any = project.aws.client("s3")
        self.ssm: Any = project.aws.client("ssm")
        self.name = f"{project.app}-web"
        self.function = project.name
        self.parameter = f"/{project.app}/web"
        releases(project, 3)
        self.lambda_.create_function(
            FunctionName=self.function, Runtime="python3.12", Architectures=["arm64"],
            Role=project.role, Handler="x.y", Code={"ZipFile": archive()},
        )  # fmt: skip
        name_function(project)
        self.toml = project.root / "layers.toml"
        self.text = self.toml.read_text()
        self.objects = {key: self._read(key) for key in self._keys()}
        self.document: Document = json.loads(self.objects["web/record.json"])
        self.numbers: list[int] = []
        self._services = connect(project.session, bucket=project.bucket, project="none")

    def run(self, *words: str) -> Result:
        return self.project.run(*words)

    def lay(self, *, on: int = 3, pinned: int = 0, more: str = "") -> None:
        """Put all back: three versions, the function on one of them, perhaps a pinned one."""
        self.clear()
        self.toml.write_text(self.text + more)
        for key, content in self.objects.items():
            self.s3.put_object(Bucket=self.project.bucket, Key=key, Body=content)
        releases = sorted(self.document["releases"], key=lambda release: release["number"])
        arns = [self._publish(release) for release in releases]
        self.numbers = [int(arn.rpartition(":")[2]) for arn in arns]
        for release, arn, number in zip(releases, arns, self.numbers, strict=True):
            release["layer_arn"], release["version"] = arn, number
        document = {**self.document, "releases": releases[::-1], "current": releases[-1]}
        # They were released before the function was named.
        document["handover"] = {"number": releases[-1]["number"], "entries": [self.function]}
        if pinned:
            pin = {"by": "alice", "since": "2026-01-01T00:00:00Z", "reason": ""}
            document["pinned"] = {**pin, "release": releases[pinned - 1]}
        self.write(document)
        self.put_on(on)

    def lay_nothing(self) -> None:
        """Put back the sources alone, and a layer that was published by hand."""
        self.clear()
        self.toml.write_text(self.text)
        self.lambda_.publish_layer_version(
            LayerName=f"{self.name}-by-hand", Content={"ZipFile": archive()}
        )

    def clear(self) -> None:
        self.lambda_.update_function_configuration(FunctionName=self.function, Layers=[])
        for version in self.versions():
            self.lambda_.delete_layer_version(LayerName=self.name, VersionNumber=version)
        self._services.store.delete_all("")
        for found in self.ssm.describe_parameters()["Parameters"]:
            if found["Name"] == self.parameter:
                self.ssm.delete_parameter(Name=self.parameter)

    def _publish(self, release: Document) -> str:
        made = self.lambda_.publish_layer_version(
            LayerName=self.name,
            Description=f"[{release['fingerprint']}#{release['number']} of {self.project.app}]",
            Content={"ZipFile": self.objects[f"web/artifacts/{release['fingerprint']}/layer.zip"]},
        )
        return str(made["LayerVersionArn"])

    def put_on(self, release: int) -> None:
        """Give the function the version of a release, 0 for none."""
        arn = f"arn:aws:lambda:eu-central-1:123456789012:layer:{self.name}"
        layers = [f"{arn}:{self.numbers[release - 1]}"] if release else []
        self.lambda_.update_function_configuration(FunctionName=self.function, Layers=layers)

    def write(self, document: Document) -> None:
        text = json.dumps(document).encode()
        self.s3.put_object(Bucket=self.project.bucket, Key="web/record.json", Body=text)

    def _keys(self) -> list[str]:
        found = self.s3.list_objects_v2(Bucket=self.project.bucket).get("Contents", [])
        return [str(entry["Key"]) for entry in found]

    def _read(self, key: str) -> bytes:
        return bytes(self.s3.get_object(Bucket=self.project.bucket, Key=key)["Body"].read())

    # What is there

    def objects_left(self) -> list[str]:
        """Return the keys of the bucket."""
        return self._keys()

    def record(self) -> Document | None:
        """Return the record, None if there is none."""
        there = "web/record.json" in self._keys()
        return json.loads(self._read("web/record.json")) if there else None

    def versions(self) -> list[int]:
        """Return the versions that Lambda has, oldest first."""
        found = self.lambda_.list_layer_versions(LayerName=self.name)["LayerVersions"]
        return sorted(int(version["Version"]) for version in found)

    def version_of_function(self) -> int:
        """Return the version of web that the function has, 0 for none."""
        found = self.lambda_.get_function_configuration(FunctionName=self.function)
        arns = [layer["Arn"] for layer in found.get("Layers", [])]
        return int(arns[0].rpartition(":")[2]) if arns else 0

    def users(self, release: int) -> list[str]:
        """Return the accounts with which the version of a release is shared."""
        try:
            policy = self.lambda_.get_layer_version_policy(
                LayerName=self.name, VersionNumber=self.numbers[release - 1]
            )["Policy"]
        except self.lambda_.exceptions.ResourceNotFoundException:
            return []
        named = [str(statement["Principal"]) for statement in json.loads(policy)["Statement"]]
        return [found[0] for principal in named if (found := re.findall(r"\d{12}", principal))]

    def parameter_value(self) -> str:
        """Return what the parameter has, "" when there is none."""
        try:
            return str(self.ssm.get_parameter(Name=self.parameter)["Parameter"]["Value"])
        except self.ssm.exceptions.ParameterNotFound:
            return ""

    def contradictions(self) -> list[str]:
        """Say which wanted versions are lost: the current one, a pinned one, the function's."""
        record, versions = self.record(), self.versions()
        wanted = {"the function's": self.version_of_function()}
        if record is not None and record.get("current"):
            wanted["the current"] = record["current"]["version"]
        if record is not None and record.get("pinned"):
            wanted["the pinned"] = record["pinned"]["release"]["version"]
        is_gone = [f"{whose} version is gone" for whose, v in wanted.items() if v not in versions]
        return [gone for gone in is_gone if wanted[gone.removesuffix(" version is gone")]]
