"""`make demo-hybrid`: a service too large for a layer, on an embedded AWS, in one chapter."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from builder.operations.client import write_client
from builder.spec.layers_toml import load_config
from demo.base_image import push_base
from demo.exports import enter
from demo.keeper import kept_aws
from demo.machine import this_architecture, this_python
from demo.project import REPOSITORY
from demo.screen import Screen
from demo.telling import StoryBroken, Telling, told
from demo.tools import require_node
from embedded.program import find as find_terraform
from embedded.terraform import Terraform
from hybrid_service.aws import Store
from hybrid_service.settings import place
from hybrid_service.state import STOPPED

FOLDER = REPOSITORY / ".demo-hybrid"
SERVER = REPOSITORY / "examples" / "services" / "ledger.py"
IDLE = 30
PATIENCE = 300.0
"""Seconds that what must happen may take, beside the idle time."""

LAYERS = """\
[app]
name = "fll-hybrid"

[layers.client]
package = "client"
python = ["{python}"]
architecture = "{architecture}"

[layers.server]
requirements = "server.txt"
python = ["{python}"]
architecture = "{architecture}"
image = true
size_check = "off"
base = "{base}"

[services.ledger]
layer = "server"
command = ["ledger", "{{port}}", "{{data}}"]
cpu = 256
memory = 512
vpc = "vpc-0123abcd"
subnets = ["subnet-0123abcd"]
interval = 3600 # the data is saved when the task ends
idle = {idle}
force_destroy = true
"""

PYPROJECT = """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "ledger"
version = "1"

[project.scripts]
ledger = "ledger:main"

[tool.hatch.build.targets.wheel]
packages = ["ledger"]
"""
MAIN = """

def main() -> None:
    Server(int(sys.argv[1]), Path(sys.argv[2])).serve_forever()
"""
REQUIREMENTS = "./server\nsix==1.16.0\n"


def make_project(folder: Path, base: str = "python:3") -> Path:
    """Write a project with a thin layer, which has the client, and a service; return it.

    ``base`` is what the image of the service is built on.
    """
    shutil.rmtree(folder, ignore_errors=True)
    write_client(folder / "client")
    text = LAYERS.format(
        python=this_python(),
        architecture=this_architecture(),
        idle=IDLE,
        base=base,
    )
    (folder / "layers.toml").write_text(text)
    package = folder / "server" / "ledger"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(SERVER.read_text() + MAIN)
    (package.parent / "pyproject.toml").write_text(PYPROJECT)
    (folder / "server.txt").write_text(REQUIREMENTS)
    return folder


def synthesize(project: Path) -> Path:
    """Write the Terraform JSON; return the folder it is in."""
    from modules.layer.synthesis import synthesize  # here: it starts Node
    from stacks.hybrid import HybridStack

    config = load_config(project / "layers.toml")
    return synthesize(
        config.app,
        config.layers,
        project=project,
        outdir=project / "cdktf.out",
        stack=HybridStack,
        services=config.services,
    )


class Chapter(Telling):
    """What happens to a service, each thing said when it is proved."""

    def tell(self) -> None:
        """Apply, use it cold and warm, let it stop, use it again, destroy."""
        self.screen.chapter(1, "a service too large for a layer")
        with self._initialized():
            self._tell()

    def _tell(self) -> None:
        self._run("apply", "-input=false", "-auto-approve")
        told = self.terraform.outputs()["service_ledger"]
        first = self._image()
        self.screen.detail(f"image: {first}, data: {told['bucket']}")
        self._expect(self._is_clean(), "applied, the image built and pushed; a plan has no changes")
        layer = self.terraform.outputs()["client"]
        self._expect(
            layer["unzipped_size"] < 1_000_000,
            f"the thin layer has the client: {layer['unzipped_size']:,} bytes",
        )

        self._call("cold: the function starts the task", (1, 2), [1, 2], 1)
        self._call("warm: the task is there", (3,), [1, 2, 3], 1)
        store = Store(*place("ledger", told["environment"]))
        self.screen.detail(f"nobody asks it for {IDLE} s ...")
        self._wait(lambda: store.read().state.phase == STOPPED, "the idle stop")
        state = store.read().state
        self._expect(
            bool(state.snapshots), f"stopped: {state.reason}; its data is {state.snapshots[0].key}"
        )
        self._call("cold again: another task, the same data", (), [1, 2, 3], 2)

        (FOLDER / "project" / "server.txt").write_text(REQUIREMENTS.replace("1.16", "1.17"))
        planned = self._run("plan", "-input=false").stdout
        self._expect("server.txt changed" in planned, "planned: server.txt changed, build server")
        self._run("apply", "-input=false", "-auto-approve")
        self._expect(self._image() != first, f"applied: {self._image()}")
        self._wait(lambda: store.read().state.phase == STOPPED, "the end of the old task")
        self._call("cold with the new image: the same data", (4,), [1, 2, 3, 4], 3)

        self._run("destroy", "-input=false", "-auto-approve")
        self._expect(not self._has_bucket(told["bucket"]), "destroyed: nothing is left")

    def _image(self) -> str:
        """Return the image that tasks are started from."""
        found: Any = self.terraform.outputs()["server"]["image_uri"]
        return str(found)

    def _call(
        self, what: str, keep: Sequence[int], expected: Sequence[int], generation: int
    ) -> None:
        began = time.monotonic()
        # A call takes as long as a cold start, and one that is repeated would keep twice.
        config = Config(read_timeout=PATIENCE, retries={"total_max_attempts": 1})
        answer = (
            boto3.Session()
            .client("lambda", config=config)
            .invoke(
                FunctionName="fll-hybrid-api", Payload=json.dumps({"keep": list(keep)}).encode()
            )
        )
        found: dict[str, Any] = json.loads(answer["Payload"].read())
        seconds = time.monotonic() - began
        holds = (found.get("found"), found.get("generation")) == (list(expected), generation)
        self._expect(holds, f"{what}: {found.get('found', found)} in {seconds:.1f} s")

    def _is_clean(self) -> bool:
        return self._run("plan", "-input=false", "-detailed-exitcode").exit_code == 0

    def _has_bucket(self, name: str) -> bool:
        buckets = boto3.Session().client("s3").list_buckets()["Buckets"]
        return name in [bucket["Name"] for bucket in buckets]

    def _wait(self, happened: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + IDLE + PATIENCE
        while not happened():
            if time.monotonic() > deadline:
                raise StoryBroken(
                    f"it did not happen in time: {what}", where=f"logs in {self.logs}"
                )
            time.sleep(0.5)


def tell(screen: Screen) -> None:
    """Prepare project and embedded AWS, and tell the chapter."""
    require_node()
    find_terraform()
    logs = FOLDER / "logs"
    for old in (logs, FOLDER / "aws"):
        shutil.rmtree(old, ignore_errors=True)
    logs.mkdir(parents=True)
    with kept_aws(FOLDER) as aws:
        enter(aws.environment)
        project = make_project(FOLDER / "project", push_base(this_architecture()))
        screen.detail(f"embedded AWS: {aws.environment['AWS_ENDPOINT_URL']} (ministack)")
        folder = synthesize(project)
        terraform = Terraform(folder, os.environ, FOLDER / "terraform", schemas=FOLDER / "schemas")
        Chapter(terraform, screen, logs).tell()


if __name__ == "__main__":
    shown = Screen()
    sys.exit(told(partial(tell, shown), shown))
