"""What checkov says of the Terraform here: nothing that is not argued, and nothing argued in vain.

``make scan`` runs this alone; the scanner is fetched once, by the hashes of scan.lock.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import pytest

from builder.spec.app_options import Vpc
from builder.spec.app_spec import AppSpec
from builder.spec.layer_spec import LayerSpec
from builder.spec.layers_toml import load_config
from builder.spec.service_spec import ServiceSpec
from hcl.template import OPTIONS as OF_MODULE
from modules.layer.argued import ARGUED, BUCKET, OF_SERVICE
from modules.layer.synthesis import synthesize
from stacks import app as example
from stacks.example import ARGUED as OF_EXAMPLE
from tests.environments import FETCHING, Unavailable, programs_of

ROOT = Path(__file__).parents[2]
SCANNING = 300
"""Seconds of one scan; on a machine of its own it takes four."""

Failed = set[tuple[str, str]]
"""Checks, each with the name of the resource that fails it."""

OPTIONS = {
    "kms_key": "arn:aws:kms:eu-west-1:123456789012:key/1234abcd",
    "access_logs": "company-access-logs",
    "vpc": Vpc("vpc-0123abcd", ("subnet-0123abcd",), ("sg-0123abcd",)),
    "tracing": True,
    "dead_letter": "arn:aws:sqs:eu-west-1:123456789012:dead",
    "code_signing": "arn:aws:lambda:eu-west-1:123456789012:code-signing-config:csc-"
    "0123456789abcdef0",
    "log_retention_days": 365,
}
OF_DATA = {key: OPTIONS[key] for key in ("kms_key", "access_logs", "log_retention_days")}
"""Those that services have, too."""

WEB = LayerSpec(
    name="web",
    python=("3.12", "3.13"),
    architecture="arm64",
    requirements=("requirements.txt",),
    functions=("shop-api", "tag:app=shop"),
    keep=3,
)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(FETCHING + SCANNING)]


@pytest.fixture(scope="module")
def checkov() -> Path:
    try:
        return programs_of(ROOT / "scan.lock") / "checkov"
    except Unavailable as error:
        pytest.skip(f"checkov cannot be had here: {error}")


def scan(checkov: Path, folder: Path, framework: str) -> dict[str, Failed]:
    """Return what fails of each folder in a folder, by its name.

    It is scanned as people scan theirs, but without asking the scanner's maker's service.
    """
    done = subprocess.run(
        [
            *(str(checkov.with_name("python")), str(checkov), "--directory", str(folder)),
            *("--framework", framework, "--skip-download", "--compact", "--output", "json"),
        ],
        cwd=folder,
        env={**os.environ, "HOME": str(folder.parent), "PYTHONWARNINGS": "ignore"},
        capture_output=True,
        text=True,
        timeout=SCANNING,
        check=False,
    )
    report = json.loads(done.stdout)
    assert report["summary"]["parsing_errors"] == 0, done.stderr
    found: dict[str, Failed] = {}
    for each in folder.iterdir():
        passed, failed = (
            [check for check in report["results"][kind] if of(check) == each.name]
            for kind in ("passed_checks", "failed_checks")
        )
        assert len(passed) > 30, (each.name, report["summary"])
        names = {check["resource"]: check["resource"].rpartition(".")[2] for check in failed}
        found[each.name] = {
            (check["check_id"], names[check["resource"]].removesuffix("[0]")) for check in failed
        }
    return found


def of(check: dict[str, Any]) -> str:
    """Return the folder, of those in the scanned one, that a check is about."""
    return str(check["file_path"]).split("/")[1]


def json_of(folder: Path, **fields: Any) -> Path:
    """Return the folder of the Terraform JSON of an application with one layer."""
    app = AppSpec("shop", async_mode=True, notify="arn:aws:sns:eu-west-1:123456789012:builds")
    app = AppSpec(**{**vars(app), **fields})
    return synthesize(app, (WEB,), project=folder, outdir=folder / "cdktf.out")


def example_json(folder: Path) -> Path:
    config = load_config(ROOT / "layers.toml")
    out = folder / "cdktf.out"
    return example.synthesize(config.app, config.layers, project=ROOT, outdir=out, proof=True)


def hybrid_json(folder: Path, **fields: Any) -> Path:
    """Return the folder of the Terraform JSON of an application with a layer and a service."""
    network: dict[str, Any] = {"vpc": "vpc-0123abcd", "subnets": ("subnet-0123abcd",)}
    service = ServiceSpec("chroma", ("chroma", "--port", "{port}"), image_tag="1", **network)
    return synthesize(
        AppSpec("shop", **fields),
        (WEB,),
        project=folder,
        outdir=folder / "cdktf.out",
        services=(service,),
    )


def argued(*names: str) -> Failed:
    """Return what may fail of these resources."""
    return {
        (each.check, name)
        for each in (*ARGUED, *OF_EXAMPLE)
        for name in each.names
        if name in names and each.option != "log_retention_days"  # in JSON a variable's
    }


def argued_of_service(name: str, options: Collection[str] = ()) -> Failed:
    """Return what may fail of a service in an application with these options."""
    return {
        (each.check, f"build_service_{name}_{resource}")
        for each in OF_SERVICE
        for resource in each.names
        if each.option not in {*options, "log_retention_days"}
    }


STACKS: dict[str, tuple[Callable[[Path], Path], Failed]] = {
    "example": (
        example_json,
        argued("build_logs", "build_bucket", "proof_logs", "proof_function"),
    ),
    "async": (
        json_of,
        argued("build_logs", "build_bucket", "build_publisher_logs", "build_publisher_function"),
    ),
    "options": (
        lambda folder: json_of(folder, **OPTIONS),
        {(each.check, name) for each in ARGUED if not each.option for name in each.names},
    ),
    "hybrid": (
        hybrid_json,
        argued("build_logs", "build_bucket") | argued_of_service("chroma"),
    ),
    "hybrid with options": (
        lambda folder: hybrid_json(folder, **OF_DATA),
        {
            (each.check, "build_bucket")
            for each in ARGUED
            if each.names == BUCKET and not each.option
        }
        | argued_of_service("chroma", OF_DATA),
    ),
}


def test_the_json_is_read_and_what_fails_is_argued(checkov: Path, tmp_path: Path) -> None:
    scanned = tmp_path / "scanned"
    for name, (make, _) in STACKS.items():
        project = tmp_path / name
        project.mkdir()
        shutil.copytree(make(project), scanned / name)

    found = scan(checkov, scanned, "terraform_json")

    assert found == {name: expected for name, (_, expected) in STACKS.items()}


def test_the_module_has_its_arguments_where_the_scanner_reads_them(
    checkov: Path, tmp_path: Path
) -> None:
    """Without them what fails is what is argued."""
    leave_out = shutil.ignore_patterns("examples", ".terraform*")
    for name in ("argued", "bare"):
        shutil.copytree(ROOT / "terraform", tmp_path / "scanned" / name, ignore=leave_out)
    for file in (tmp_path / "scanned/bare").glob("*.tf"):
        file.write_text(file.read_text("utf-8").replace("checkov:skip", ""), "utf-8")

    found = scan(checkov, tmp_path / "scanned", "terraform")

    of_caller = [each for each in ARGUED if each.option not in OF_MODULE]
    bare = {(each.check, name) for each in of_caller for name in each.names}
    assert found == {"argued": set(), "bare": bare}


def test_the_module_argues_of_a_service_what_the_construct_does() -> None:
    text = (ROOT / "terraform" / "service" / "main.tf").read_text("utf-8")
    found = re.findall(r'resource "\w+" "([\w-]+)" \{((?:\n  # checkov:skip=.*)*)', text)
    said = {
        (line.partition("=")[2], name)
        for name, lines in found
        for line in lines.split("\n")
        if line
    }

    assert said == {(f"{e.check}:{e.why}", name) for e in OF_SERVICE for name in e.names}
