"""The hooks of a plan without changes: one process for 1, 50 and 500 layers, beside bare boto3.

Beside them, what a process for each layer takes that hashes its files, as other modules have it.
"""

from __future__ import annotations

import io
import json
import sys
import time
import zipfile
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from subprocess import run
from tempfile import TemporaryDirectory

from bench.measure import Failed
from builder.inputs.fingerprint import inputs_of
from builder.inputs.source_files import source_files
from builder.layer.record import Record, Release
from builder.protocol.keys import LayerKeys
from builder.protocol.statuses import CURRENT
from builder.spec.layer_spec import LayerSpec
from embedded.aws import EmbeddedAws

COUNTS = (1, 50, 500)
EACH_COUNTS = (50, 500)
AT_ONCE = 10
"""Data sources that Terraform reads at once (terraform plan, -parallelism)."""

EACH = """
import argparse, hashlib, json, logging, os, pathlib, shutil, subprocess, sys, tempfile, zipfile
folder, out = map(pathlib.Path, sys.argv[1:])
digest = hashlib.sha256()
files = sorted(path for path in folder.rglob("*") if path.is_file())
for path in files:
    digest.update(str(path.relative_to(folder)).encode())
    with path.open("rb") as file:
        while block := file.read(1 << 13):
            digest.update(block)
plan = json.dumps({"filename": digest.hexdigest(), "build_plan": [["zip", str(folder), None]]})
out.mkdir(exist_ok=True)
(out / f"{digest.hexdigest()}.plan.json").write_text(plan)
print(plan)
"""
"""What `package.py prepare` of the module terraform-aws-lambda does for each layer, made anew,
because no package index has it: a process for each data source, which hashes all files of the
layer's source and writes a plan. It asks AWS nothing."""

CLIENTS = "import boto3; s = boto3.Session(); s.client('s3'); s.client('lambda')"
APP = "bench"
NO_BYTECODE = "PYTHONDONTWRITEBYTECODE"


@dataclass(frozen=True)
class Taken:
    """The least of several runs, in seconds: by the clock, and of processors."""

    wall: float = float("inf")
    processor: float = float("inf")

    def best(self, other: Taken) -> Taken:
        """Return the lesser of each; it need not be of one run."""
        return Taken(min(self.wall, other.wall), min(self.processor, other.processor))

    def by(self, base: Taken) -> tuple[float, float]:
        """Return how many times as much it is."""
        return self.wall / base.wall, self.processor / base.processor


@dataclass(frozen=True)
class Plans:
    """What each took; by the number of layers the ``hooks``, and a process ``each``."""

    clients: Taken
    command: Taken
    help: Taken
    hooks: Mapping[int, Taken]
    each: Mapping[int, Taken]


def plans(repeat: int) -> Plans:
    """Release layers on an embedded AWS, then time the hook that finds nothing to do."""
    with EmbeddedAws() as aws, TemporaryDirectory() as made:
        folder = Path(made)
        query = _released(aws, folder, max(COUNTS))
        # As after an installation: with it, each run would compile what it imports once more.
        env = {k: v for k, v in aws.process_environment().items() if k != NO_BYTECODE}
        command = str(Path(sys.executable).with_name("lambda-layer"))

        def hook(count: int) -> None:
            asked = {k: v for k, v in query.items() if _number(k) < count}
            done = _ran([command, "hook", "plan"], env, json.dumps(asked))
            statuses = [json.loads(answer)["status"] for answer in json.loads(done).values()]
            if statuses != [CURRENT] * count:
                raise Failed(f"not all of {count} layers are current: {sorted(set(statuses))}")

        def each(count: int) -> None:
            script = [sys.executable, "-c", EACH]
            with ThreadPoolExecutor(AT_ONCE) as pool:
                out = str(folder / "plans")
                folders = [str(folder / f"layer-{number}") for number in range(count)]
                list(pool.map(lambda place: _ran([*script, place, out], env), folders))

        sides: dict[str, Callable[[], object]] = {
            "clients": lambda: _ran([sys.executable, "-c", CLIENTS], env),
            "command": lambda: _ran([sys.executable, "-c", "import click"], env),
            "help": lambda: _ran([command, "--help"], env),
            **{str(count): lambda count=count: hook(count) for count in COUNTS},  # type: ignore[misc]
            **{f"each {n}": lambda n=n: each(n) for n in EACH_COUNTS},  # type: ignore[misc]
        }
        best = dict.fromkeys(sides, Taken())
        for _ in range(repeat + 1):  # the first compiles what is imported
            for name, side in sides.items():
                best[name] = best[name].best(_taken(side))
    hooks = {count: best[str(count)] for count in COUNTS}
    apart = {count: best[f"each {count}"] for count in EACH_COUNTS}
    return Plans(best["clients"], best["command"], best["help"], hooks, apart)


def _taken(side: Callable[[], object]) -> Taken:
    """Run it, and return what it and its processes took."""
    before, began = getrusage(RUSAGE_CHILDREN), time.monotonic()
    side()
    wall, after = time.monotonic() - began, getrusage(RUSAGE_CHILDREN)
    used = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return Taken(wall, used)


def _number(key: str) -> int:
    name, dot, _ = key.partition(".")
    return int(name.removeprefix("layer-")) if dot else -1


def _ran(command: list[str], env: Mapping[str, str], text: str = "") -> str:
    done = run(command, env=dict(env), input=text, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failed(f"{' '.join(command)}\n{done.stderr[-3000:]}")
    return done.stdout


def _released(aws: EmbeddedAws, root: Path, count: int) -> dict[str, str]:
    """Leave what releases leave, of layers with a small package each; return the hook's query."""
    account, region = aws.identity.account, aws.identity.region
    bucket = f"{APP}-layers-{account}-{region}"
    s3, lambda_ = aws.client("s3"), aws.client("lambda")
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": region})  # type: ignore[typeddict-item]  # any
    query = {
        "bucket": bucket, "project": f"{APP}-layers", "log_group": "/aws/codebuild/bench",
        "region": region, "account": account, "profile": "", "role_arn": "",
    }  # fmt: skip
    for number in range(count):
        name = f"layer-{number}"
        package = root / name / "package"
        package.mkdir(parents=True)
        (root / name / "pyproject.toml").write_text(f'[project]\nname = "{name}"\nversion = "1"\n')
        for module in range(10):
            (package / f"m{module}.py").write_text(f"NUMBER = {number * module}\n" * 50)
        spec = LayerSpec(name, ("3.13",), "arm64", package=name)
        fingerprint = inputs_of(spec, source_files(spec, root)).fingerprint
        published = lambda_.publish_layer_version(
            LayerName=f"{APP}-{name}", Content={"ZipFile": _archive()}
        )
        release = Release(
            number=1, fingerprint=fingerprint, layer_arn=published["LayerVersionArn"],
            version=1, code_sha256=published["Content"]["CodeSha256"], unzipped_size=1,
            zipped_size=1, packages=1, reason="first build", build_id=f"{APP}:{number}",
            published_at="2026-01-01T00:00:00Z",
        )  # fmt: skip
        record, keys = Record(name).published(release), LayerKeys(name)
        for key, text in (
            (keys.record, record.to_json()),
            (keys.approval, str(release.token)),
            (keys.verified.manifest(fingerprint), "{}"),
            (keys.verified.archive(fingerprint), "zip"),
        ):
            s3.put_object(Bucket=bucket, Key=key, Body=text.encode())
        own = {
            "spec": spec.to_json(), "root": str(root), "layer_name": f"{APP}-{name}",
            "build_role": f"arn:aws:iam::{account}:role/{name}", "force_rebuild": "false",
            "debug_mode": "false", "sync_mode": "true",
        }  # fmt: skip
        query.update({f"{name}.{key}": value for key, value in own.items()})
    return query


def _archive() -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        archive.writestr("python/a.py", "")
    return written.getvalue()
