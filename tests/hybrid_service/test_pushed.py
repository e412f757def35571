"""The whole path with an image that `lambda-layer image` has pushed, run as a task."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from builder.cli import main
from embedded.aws import EmbeddedAws
from tests.builder.conftest import REGION, environ
from tests.builder.sizes.conftest import Serve
from tests.builder.sizes.conftest import own_cache as own_cache
from tests.builder.sizes.conftest import serve as serve
from tests.builder.sizes.conftest import shelf as shelf
from tests.builder.sizes.test_trial import tools as tools
from tests.hybrid_service.conftest import LEDGER
from tests.hybrid_service.test_path import Site
from tests.patience import wait_until
from tests.registry import Registry
from tests.worker.conftest import MakeWheel
from tests.worker.conftest import make_tools as make_tools
from tests.worker.conftest import make_wheel as make_wheel
from tests.worker.conftest import uv_cache as uv_cache

APP, SERVICE = "pushed16", "ledger"
REPOSITORY = f"{APP}-{SERVICE}"
TOML = f"""
[app]
name = "{APP}"
region = "{REGION}"
[layers.client]
dependencies = ["boto3"]
python = ["3.13"]
architecture = "arm64"
[services.{SERVICE}]
command = ["ledger", "{{port}}", "{{data}}"]
image_tag = "1"
vpc = "vpc-0123abcd"
subnets = ["subnet-0123abcd"]
"""
MAIN = """

def main():
    Server(int(sys.argv[1]), Path(sys.argv[2])).serve_forever()
"""


@pytest.fixture
def pushed(
    aws: EmbeddedAws,
    make_wheel: MakeWheel,
    shelf: Path,
    serve: Serve,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[str]:
    """The image of a service whose package has its command; boto3 is this machine's."""
    files: dict[str, str | bytes] = {
        "ledger/__init__.py": LEDGER.read_text() + MAIN,
        "ledger-1.0.dist-info/entry_points.txt": "[console_scripts]\nledger = ledger:main\n",
    }
    make_wheel(shelf, "ledger", files=files)
    make_wheel(shelf, "boto3", files={"of_this_machine.py": ""})
    serve(ranges=True)
    environ(monkeypatch, aws.environment())
    (tmp_path / "layers.toml").write_text(TOML)
    monkeypatch.chdir(tmp_path)
    ecr: Any = aws.client("ecr")
    ecr.create_repository(repositoryName=REPOSITORY, imageTagMutability="IMMUTABLE")
    with Registry().serving() as registry:
        registry.index("python", "3", files={"usr/bin/python3": b"an interpreter"})
        words = ["ledger", "--service", SERVICE, "--base", f"{registry.host}/python:3", "--json"]
        made = CliRunner().invoke(main, ["image", *words])
    assert made.exit_code == 0, made.stderr
    yield json.loads(made.stdout)["image_uri"]
    ecr.delete_repository(repositoryName=REPOSITORY, force=True)


@pytest.mark.slow
def test_the_image_of_the_command_serves_a_function(aws: EmbeddedAws, pushed: str) -> None:
    site = Site(aws, pushed, ("ledger",))
    try:
        first = site.call(1, 2)
        assert (first["found"], first["generation"]) == ([1, 2], 1)
        site.ecs.stop_task(cluster=site.name, task=site.state().task)
        wait_until(lambda: not site.running(), "the task has ended")
        second = site.call()
        assert (second["found"], second["generation"]) == ([1, 2], 2)
    finally:
        for task in site.running():
            site.ecs.stop_task(cluster=site.name, task=task)
        wait_until(lambda: not site.running(), "all tasks have ended")
