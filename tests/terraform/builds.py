"""Builds that take a moment, and wait, fail or lie when a test tells them to.

The real worker is tested in tests/worker, and by `test_failed_build.py` and `test_cdktf_cli.py`
here. These tests are about when builds run and what becomes of them, so theirs install nothing.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from builder.protocol.variables import SEAL, SEAL_VARIABLE
from tests.patience import wait_until

if TYPE_CHECKING:
    from tests.terraform.conftest import Outcome, Stack

WORKER = """
import base64, hashlib, json, os, pathlib, sys, time, zipfile
told = pathlib.Path({told!r})
request = json.loads(pathlib.Path("request.json").read_text())
layer = request["layer"]
target, merging = os.environ.get("LAYER_TARGET", ""), os.environ.get("LAYER_MERGE") == "true"
job = layer + "-" + target if target else layer + "-merge" if merging else layer
(told / ("began-" + os.environ["CODEBUILD_BUILD_ID"].partition(":")[2])).touch()
print("building", layer, flush=True)
deadline = time.time() + 600
while (told / ("hold-" + job)).exists():
    if time.time() > deadline:
        sys.exit("the test has not said that this build may go on")
    time.sleep(0.05)
if (told / ("fail-" + job)).exists():
    print("no such package: unobtainium", flush=True)
    sys.exit(3)
out = pathlib.Path("out")
out.mkdir()
made = {{}} if merging else {{"made.py": "made = " + repr(request["fingerprint"])}}
if target:
    made["id"] = os.environ["CODEBUILD_BUILD_ID"]
sources = {{}}
for key, folder in os.environ.items():
    if key.startswith("CODEBUILD_SRC_DIR_"):
        runtime = key[len("CODEBUILD_SRC_DIR_"):].replace("_", ".")
        sources[runtime] = (pathlib.Path(folder) / "id").read_text()
        name = "lib/" + runtime + "/site-packages/made.py"
        made[name] = (pathlib.Path(folder) / "made.py").read_text()
with zipfile.ZipFile(out / ("part.zip" if target else "layer.zip"), "w") as archive:
    for name, text in sorted(made.items()):
        archive.writestr(zipfile.ZipInfo(name if target else "python/" + name), text)
    for wheel in pathlib.Path("project/.supervisor").glob("*.whl"):
        with zipfile.ZipFile(wheel) as supervisor:
            for name in supervisor.namelist():
                archive.writestr(zipfile.ZipInfo("python/" + name), supervisor.read(name))
    for program in sorted((told / ("bin-" + layer)).glob("*")):
        info = zipfile.ZipInfo("bin/" + program.name)
        info.external_attr = 0o100755 << 16
        archive.writestr(info, program.read_bytes())
if target:
    receipt = {{
        "schema": 1, "fingerprint": request["fingerprint"], "target": target,
        "size": os.path.getsize(out / "part.zip"), "build_id": os.environ["CODEBUILD_BUILD_ID"],
        "manifest_sha256": "0" * 64,
    }}
    (out / "part.json").write_text(json.dumps(receipt))
    sys.exit(0)
content = (out / "layer.zip").read_bytes()
manifest = {{
    "schema": 1,
    "layer": layer,
    "fingerprint": request["fingerprint"],
    "targets": request["targets"],
    "code_sha256": base64.b64encode(hashlib.sha256(content).digest()).decode(),
    "unzipped_size": 100,
    "zipped_size": len(content),
    "files": 1,
    "packages": [{{"name": "made", "version": "1", "size": 100}}],
    "worker": "0.1.0",
    "build_id": os.environ["CODEBUILD_BUILD_ID"],
    "parts": [{{"target": name, "build_id": id_}} for name, id_ in sorted(sources.items())],
}}
(out / "manifest.json").write_text(json.dumps(manifest))
"""


@dataclass(frozen=True)
class Builds:
    """The builds of one stack; ``told`` is the folder in which they look what to do."""

    stack: Stack
    told: Path

    @property
    def began(self) -> int:
        """How many have begun to run commands."""
        return len(list(self.told.glob("began-*")))

    @contextlib.contextmanager
    def held(self, layer: str = "web") -> Iterator[None]:
        """Let builds of a layer (or of one target: ``web-python3.12``) wait inside the block."""
        with self._told(f"hold-{layer}"):
            yield

    @contextlib.contextmanager
    def failing(self, layer: str = "web") -> Iterator[None]:
        """Let builds of a layer (or of one target, or ``web-merge``) fail inside the block."""
        with self._told(f"fail-{layer}"):
            yield

    def give(self, layer: str, program: str, text: str) -> None:
        """Let builds of a layer, as one for an image, have a program."""
        folder = self.told / f"bin-{layer}"
        folder.mkdir(exist_ok=True)
        (folder / program).write_text(text)

    @contextlib.contextmanager
    def _told(self, word: str) -> Iterator[None]:
        (self.told / word).touch()
        try:
            yield
        finally:
            (self.told / word).unlink()

    def states(self) -> list[str]:
        """Return how the stack's builds are, oldest first."""
        codebuild = self.stack.aws.client("codebuild")
        # Builds outlive their project, and so does this list.
        listed = codebuild.list_builds(sortOrder="ASCENDING")["ids"]
        ids = [id_ for id_ in listed if id_.startswith(f"{self.stack.name}-layers:")]
        if not ids:
            return []
        found = {b["id"]: b["buildStatus"] for b in codebuild.batch_get_builds(ids=ids)["builds"]}
        return [found[id_] for id_ in ids]

    def wait_for_end(self) -> None:
        """Wait until none runs."""
        wait_until(lambda: "IN_PROGRESS" not in self.states(), "the end of all builds")


def quick_builds(stack: Stack) -> Builds:
    """Let a stack's builds be quick ones from now on."""
    builds = Builds(stack, stack.project.parent / "told")
    builds.told.mkdir()
    command = (
        f"cat > quick.py <<'END'\n{WORKER.format(told=str(builds.told))}\nEND\npython3 quick.py"
    )
    buildspec = {
        "version": "0.2",
        "env": {"exported-variables": [SEAL_VARIABLE]},
        "phases": {"build": {"commands": [command, SEAL]}},
        "artifacts": {"base-directory": "out", "files": ["**/*"]},
    }
    # JSON inside of Terraform's JSON: what looks like a template must not be one.
    stack.use_buildspec(json.dumps(buildspec).replace("${", "$${"))
    return builds


def hooks_of(stack: Stack, command: str = "release") -> list[int]:
    """Return the process ids of a stack's hooks that run now."""
    found = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            words = (entry / "cmdline").read_bytes().split(b"\0") if entry.name.isdigit() else []
            if [b"hook", command.encode()] == words[-3:-1] and _works_in(entry, stack.folder):
                found.append(int(entry.name))
    return found


def _works_in(entry: Path, folder: Path) -> bool:
    return (entry / "cwd").readlink() == folder


def end(pids: list[int], number: int) -> None:
    """Send processes a signal; those that have ended are fine."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def ours(outcome: Outcome) -> list[str]:
    """Return what changed something, less what builds that run meanwhile do themselves."""
    return [
        f"{call.service}:{call.operation} {call.target}"
        for call in outcome.calls
        if call.is_write and ":assumed-role/" not in call.principal
    ]
