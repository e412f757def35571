"""A stack: a folder with a configuration, and the real terraform with stand-ins that stay up."""

import json
import uuid
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from embedded.aws import EmbeddedAws
from embedded.standins.reattach import reattached
from embedded.terraform import Result, Terraform

REQUIRED = {
    "aws": {"source": "hashicorp/aws", "version": "6.25.0"},
    "external": {"source": "hashicorp/external", "version": "2.3.5"},
}


class Stack:
    """A configuration of its own; ``name`` is unique, for the names of what it makes."""

    def __init__(self, folder: Path, terraform: Terraform) -> None:
        self.folder = folder
        self.terraform = terraform
        self.name = f"s-{uuid.uuid4().hex[:12]}"

    def write(self, resources: Mapping[str, Any], **more: Any) -> None:
        """Write the configuration; resources by type and name."""
        document = {"terraform": {"required_providers": REQUIRED}, "resource": resources, **more}
        document.setdefault("provider", {"aws": {}})
        given = {name: block for name, block in document.items() if block}
        (self.folder / "main.tf.json").write_text(json.dumps(given, indent=1))

    def zip(self, code: str = "def handler(event, context):\n    return 1\n") -> str:
        """Write a function's zip and return its path."""
        path = self.folder / "function.zip"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(zipfile.ZipInfo("main.py"), code)
        return str(path)

    def run(self, *arguments: str, check: bool = True) -> Result:
        """Run terraform."""
        return self.terraform.run(*arguments, check=check)

    def apply(self, *arguments: str) -> None:
        """Apply the configuration."""
        self.run("apply", "-auto-approve", *arguments)

    def destroy(self, *arguments: str) -> None:
        """Destroy everything."""
        self.run("destroy", "-auto-approve", *arguments)

    def changes(self, *arguments: str) -> dict[str, list[str]]:
        """Plan, and return the actions of each resource that changes."""
        self.run("plan", "-out=plan", *arguments)
        plan = self.terraform.plan_json("plan")
        return {
            found["address"]: found["change"]["actions"]
            for found in plan.get("resource_changes", [])
            if found["change"]["actions"] != ["no-op"]
        }

    def change(self, address: str) -> dict[str, Any]:
        """Return the change of one resource in the plan that was made last."""
        plan = self.terraform.plan_json("plan")
        (found,) = (c for c in plan["resource_changes"] if c["address"] == address)
        return dict(found["change"])

    def attributes(self, address: str) -> dict[str, Any]:
        """Return the attributes of one resource in the state."""
        resources = self.terraform.state()["values"]["root_module"]["resources"]
        (found,) = (r for r in resources if r["address"] == address)
        return dict(found["values"])

    def refused(self, *arguments: str) -> str:
        """Run a command that must fail, and return what it says, on one line."""
        result = self.run(*(arguments or ("validate",)), check=False)
        assert result.exit_code == 1, result.stdout
        words = result.stderr.replace("│", " ").replace("╷", " ").replace("╵", " ").split()
        return " ".join(words)


@pytest.fixture(scope="session")
def served(aws: EmbeddedAws, schemas: Path) -> Iterator[dict[str, str]]:
    with reattached(schemas, env=aws.process_environment()) as where:
        yield where


@pytest.fixture
def stack(
    aws: EmbeddedAws, terraform: Path, served: dict[str, str], schemas: Path, tmp_path: Path
) -> Stack:
    folder = tmp_path / "a stack"
    folder.mkdir()
    environment = {**aws.process_environment(), **served}
    home = tmp_path / "home"
    program = Terraform(folder, environment, home, providers="stand-ins", schemas=schemas)
    made = Stack(folder, program)
    made.write({})
    made.run("init")
    return made
