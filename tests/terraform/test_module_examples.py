"""The examples of the module: each is valid, and the plain one is applied."""

from __future__ import annotations

import json
import shutil
import uuid
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from embedded.aws import EmbeddedAws
from embedded.terraform import Terraform
from tests.terraform.builds import quick_builds
from tests.terraform.module_root import MODULE, ModuleRoot
from tests.terraform.packages import write

EXAMPLES = sorted(
    file.parent.relative_to(MODULE).as_posix() for file in MODULE.glob("examples/**/main.tf")
)

UNSERVED = "aws_lambda_layer_version_permission"
NETWORK = "  vpc_config {"
"""The stand-ins do not have these; their blocks are not looked at where they run."""


def copied(folder: Path) -> Path:
    """Return a copy of the module with its examples."""
    copy = folder / "a checkout" / "terraform"
    shutil.copytree(MODULE, copy, ignore=shutil.ignore_patterns(".terraform*"))
    return copy


def without_unserved(text: str) -> str:
    """Leave out the blocks that the stand-ins do not know, and what refers to them."""
    kept: list[str] = []
    end = ""
    for line in text.splitlines():
        if line.startswith(f'resource "{UNSERVED}"'):
            end = "}"
        elif line == NETWORK:
            end = "  }"
        if not end and UNSERVED not in line:
            kept.append(line)
        end = "" if line == end else end
    return "\n".join(kept) + "\n"


def test_there_is_an_example_of_each_kind() -> None:
    kinds = {example.split("/")[1] for example in EXAMPLES}
    assert kinds == {"plain", "existing", "environments", "regions", "cross-account", "service"}
    page = (MODULE / "examples" / "README.md").read_text()
    assert all(f"[{kind}]({kind})" in page for kind in kinds)


@pytest.mark.parametrize("example", EXAMPLES)
def test_each_example_is_valid(
    example: str,
    machine: Mapping[str, str],
    served: Mapping[str, str],
    schemas: Path,
    tmp_path: Path,
) -> None:
    folder = copied(tmp_path) / example
    terraform = Terraform(folder, {**machine, **served}, tmp_path / "home", schemas=schemas)
    if terraform.providers == "stand-ins":
        main = folder / "main.tf"
        main.write_text(without_unserved(main.read_text()))
    (folder / "functions.zip").touch()  # The plain one makes it of its functions.
    terraform.run("init")
    assert terraform.run("validate", "-json").exit_code == 0


def test_the_plain_example_gives_each_function_its_layers(
    aws: EmbeddedAws,
    machine: Mapping[str, str],
    served: Mapping[str, str],
    schemas: Path,
    tmp_path: Path,
) -> None:
    folder = copied(tmp_path) / "examples" / "plain"
    with zipfile.ZipFile(folder / "functions.zip", "w") as archive:
        for file in (folder / "functions").glob("*.py"):
            archive.write(file, file.name)
    name = f"t{uuid.uuid4().hex[:10]}"
    stack = ModuleRoot(
        aws,
        name,
        folder,
        folder,
        {**machine, **served},
        tmp_path / "home",
        schemas,
        variables={"app": name},
        copy="../..",
    )
    loopback = {"s3_use_path_style": True, "skip_credentials_validation": True}
    code = str(folder / "functions.zip")
    write(
        folder / "test_override.tf.json",
        json.dumps(
            {
                "provider": {"aws": {**loopback, "region": aws.identity.region}},
                "resource": {"aws_lambda_function": {"all": {"filename": code}}},
            }
        ),
    )
    stack.stay()
    quick_builds(stack)
    stack.run("init")

    assert stack.plan().writes == []
    assert stack.apply().builds == 2

    functions = aws.client("lambda")
    layers = {
        function: [
            found["Arn"].rpartition(":layer:")[2]
            for found in functions.get_function(FunctionName=f"{name}-{function}")[
                "Configuration"
            ].get("Layers", [])
        ]
        for function in ("api", "jobs", "report")
    }
    assert layers == {
        "api": [f"{name}-web:1", f"{name}-shared:1"],
        "jobs": [f"{name}-shared:1"],
        "report": [f"{name}-web:1"],
    }
    assert stack.plan().exit_code == 0
    stack.destroy()
    assert stack.versions("web") == stack.versions("shared") == []
