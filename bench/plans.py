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
from dataclasses import dataclass
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from tempfile import TemporaryDirectory

from bench.each import hashers, printed
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
    """What each took; by the number of layers the ``hooks``, and a process ``each`` of whom."""

    clients: Taken
    command: Taken
    help: Taken
    hooks: Mapping[int, Taken]
    each: Mapping[tuple[str, int], Taken]


def plans(repeat: int, package_py: Path | None = None) -> Plans:
    """Release layers on an embedded AWS, then time the hook that finds nothing to do.

    Beside it a process for each layer: of our script, and of ``package_py`` where it is given.
    """
    with EmbeddedAws() as aws, TemporaryDirectory() as made:
        folder = Path(made)
        query = _released(aws, folder, max(COUNTS))
        # As after an installation: with it, each run would compile what it imports once more.
        env = {k: v for k, v in aws.process_environment().items() if k != NO_BYTECODE}
        command = str(Path(sys.executable).with_name("lambda-layer"))

        def hook(count: int) -> None:
            asked = {k: v for k, v in query.items() if _number(k) < count}
            done = printed([command, "hook", "plan"], env, json.dumps(asked))
            statuses = [json.loads(answer)["status"] for answer in json.loads(done).values()]
            if statuses != [CURRENT] * count:
                raise Failed(f"not all of {count} layers are current: {sorted(set(statuses))}")

        names = [f"layer-{number}" for number in range(max(COUNTS))]
        each = {(who, n): work for n in EACH_COUNTS for who, work in hashers(package_py).items()}
        sides: dict[str, Callable[[], object]] = {
            "clients": lambda: printed([sys.executable, "-c", CLIENTS], env),
            "command": lambda: printed([sys.executable, "-c", "import click"], env),
            "help": lambda: printed([command, "--help"], env),
            **{str(count): lambda count=count: hook(count) for count in COUNTS},  # type: ignore[misc]
            **{
                f"{who} {n}": lambda work=work, n=n: work(names[:n], folder, env)  # type: ignore[misc]
                for (who, n), work in each.items()
            },
        }
        best = dict.fromkeys(sides, Taken())
        for _ in range(repeat + 1):  # the first compiles what is imported
            for name, side in sides.items():
                best[name] = best[name].best(_taken(side))
    hooks = {count: best[str(count)] for count in COUNTS}
    apart = {(who, count): best[f"{who} {count}"] for who, count in each}
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
