"""A hostile dependency in a real build, under the role that the stack gives to builds.

Its build backend is given the role's credentials, as if nothing kept it from them, and tries all of
``attacks``; ``-s`` prints the table. Then the next build is compared with one that never met it.
"""

import io
import json
import platform
import sys
import time
import zipfile
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from builder.clock import Clock
from builder.layer.layer import Layer
from builder.release.release import ensure
from builder.worker import cage
from tests.builder.conftest import ACCOUNT, REGION, World, order_of
from tests.hostile import attacks
from tests.hostile.attacks import ALLOWED, DENIED, OWN_AND_HARMLESS
from tests.serving import serving
from tests.worker.hostile import evil_sdist, innocent_wheel

PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"
ARCHITECTURE = {"aarch64": "arm64"}.get(platform.machine(), platform.machine())

LEAK = """
cat > {file} <<END
{{"aws_access_key_id": "$AWS_ACCESS_KEY_ID", "aws_secret_access_key": "$AWS_SECRET_ACCESS_KEY",
  "aws_session_token": "$AWS_SESSION_TOKEN", "region_name": "{region}"}}
END
"""

BACKEND = """
import json, os, pathlib, subprocess
settings = json.loads(pathlib.Path({settings!r}).read_text())
settings["credentials"] = json.loads(pathlib.Path({leaked!r}).read_text())
own = pathlib.Path(os.environ["TMPDIR"])
(own / "settings.json").write_text(json.dumps(settings))
program = [{python!r}, {attacks!r}, str(own / "settings.json"), str(own / "results.json")]
ended = subprocess.run(program, capture_output=True, text=True)
if ended.returncode:
    return "RESULTS = " + ascii(ended.stderr)
return SPY + "RESULTS = " + ascii((own / "results.json").read_text()) + chr(10)
"""

SPY = """
import os
found = sorted(name for name in os.environ if "SECRET" in name or "TOKEN" in name or "KEY" in name)
pid = os.getpid()
while pid > 1:
    try:
        if b"SECRET" in open(f"/proc/{pid}/environ", "rb").read():
            found.append(f"the environment of process {pid}")
    except OSError:
        pass
    pid = int(open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()[1])
if found:
    raise RuntimeError(f"credentials: {found}")
"""
"""Ends the import with an error if it finds credentials, in its environment or those above."""


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def links(tmp_path: Path) -> Iterator[Path]:
    """A folder that is served as a package index."""
    folder = tmp_path / "links"
    folder.mkdir()
    handler = partial(Quiet, directory=str(folder))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    with serving(server):
        (tmp_path / "index").write_text(f"http://127.0.0.1:{server.server_port}/")
        yield folder


@pytest.fixture
def account(world: World, links: Path) -> World:
    """An application whose builds run as the stack has them run, and things to be attacked."""
    from modules.layer import policies
    from modules.layer.buildspec import buildspec_text  # here: the package starts Node

    innocent_wheel(links, "innocent", "POISONED = False\n")
    group = f"/aws/codebuild/{world.name}"
    world.aws.client("codebuild").update_project(
        name=world.name, source={"type": "NO_SOURCE", "buildspec": buildspec_text()}
    )
    world.aws.client("logs").create_log_group(logGroupName=group)
    logs = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{group}"
    allowed = policies.build(f"arn:aws:s3:::{world.name}", "web", logs)
    world.aws.client("iam").put_role_policy(
        RoleName=world.name, PolicyName="p", PolicyDocument=json.dumps(allowed)
    )
    return world


def layer_of(world: World, *names: str, **fields: Any) -> Layer:
    """Return the layer with these distributions."""
    index = (world.root / "index").read_text()
    lines = ["--no-index", f"--find-links {index}", *names]
    (world.root / "requirements.txt").write_text("\n".join(lines) + "\n")
    return world.layer(
        package=None,
        requirements=("requirements.txt",),
        python=(PYTHON,),
        architecture=ARCHITECTURE,
        **fields,
    )


def released(world: World, layer: Layer) -> dict[str, bytes]:
    """Release a layer and return the files of what was published."""
    ensure(layer, order_of(layer), clock=Clock())
    content = world.read(f"web/artifacts/{layer.fingerprint}/layer.zip")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()} | {"": content}


def targets(world: World, first: Layer) -> dict[str, str]:
    """Return what there is to attack once a first release is there."""
    build = world.builds()[-1]
    logs, group = world.aws.client("logs"), f"/aws/codebuild/{world.name}"
    logs.create_log_stream(logGroupName=group, logStreamName="other/stream")
    part = f"other/built/{'0' * 64}/parts/3.12-arm64/part.zip"
    for key in ("other/record.json", f"other/bundles/{'0' * 64}.zip", part):
        world.put(key, b"another layer's")
    signing = world.aws.client("kms").create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")
    role = world.aws.client("iam").create_role(
        RoleName=f"{world.name}-other",
        AssumeRolePolicyDocument=json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Action": "sts:AssumeRole",
                        "Principal": {"Service": "lambda.amazonaws.com"},
                    }
                ],
            }
        ),
    )["Role"]["Arn"]
    return {
        "bucket": world.name,
        "log_group": group,
        "layer_name": first.site.layer_name,
        "own_bundle": f"web/bundles/{first.fingerprint}.zip",
        "other_part": part,
        "signing_key": signing["KeyMetadata"]["Arn"],
        "own_signature": f"web/artifacts/{first.fingerprint}/provenance.dsse.json",
        "own_artifact": f"web/artifacts/{first.fingerprint}/layer.zip",
        "own_built": f"web/built/{first.fingerprint}/layer.zip",
        "own_stream": build["logs"]["streamName"],
        "function": "anything",
        "project": world.name,
        "build": build["id"],
        "role": world.name,
        "other_role": role,
        "topic": f"arn:aws:sns:{REGION}:{ACCOUNT}:builds",
        "now": str(int(time.time() * 1000)),
    }


def state(world: World) -> dict[str, Any]:
    """Return all that a build must not change: objects with their versions, releases, policies."""
    versions = world.aws.client("s3").list_object_versions(Bucket=world.name)["Versions"]
    objects = {(v["Key"], v["VersionId"]) for v in versions if not v["Key"].startswith("web/built")}
    policy = world.aws.client("iam").get_role_policy(RoleName=world.name, PolicyName="p")
    return {"objects": objects, "versions": world.versions(), "policy": policy["PolicyDocument"]}


@pytest.mark.slow
def test_a_hostile_dependency_reaches_nothing_that_is_not_its_own(
    account: World, links: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    world = account
    leaked, settings = tmp_path / "leaked.json", tmp_path / "settings.json"
    never_met = released(world, first := layer_of(world, "innocent"))
    endpoints = world.aws.environment()
    at = {
        **targets(world, first),
        "endpoint": endpoints["AWS_ENDPOINT_URL"],
        "codebuild_endpoint": endpoints["AWS_ENDPOINT_URL_CODEBUILD"],
    }
    settings.write_text(json.dumps(at))
    (world.root / "leak.sh").write_text(LEAK.format(file=leaked, region=REGION))
    program = {"python": sys.executable, "attacks": attacks.__file__}
    backend = BACKEND.format(settings=str(settings), leaked=str(leaked), **program)
    spy = SPY if cage.landlock_abi() else ""
    evil_sdist(links, f"SPY = {spy!r}\n{backend}")
    before = state(world)

    met = released(world, layer_of(world, "innocent", "evil", pre_install="leak.sh"))

    scope: dict[str, Any] = {}
    source = met["python/evil.py"].decode()
    exec(source[source.index("RESULTS = ") :], scope)
    results = json.loads(scope["RESULTS"])
    with capsys.disabled():
        sys.stdout.write(f"\n{attacks.table(results)}\n")
    after = state(world)
    expected = {name: ALLOWED if name in OWN_AND_HARMLESS else DENIED for name in results}
    assert results == expected
    assert len(results) > 60
    assert met["python/innocent.py"] == b"POISONED = False\n"
    assert before["objects"] <= after["objects"]
    keys = {key.split("/")[1] for key, _ in after["objects"] - before["objects"] if "web/" in key}
    assert keys <= {"record.json", "artifacts", "bundles", "inputs", "requests"}
    assert after["versions"] == [*before["versions"], before["versions"][-1] + 1]
    assert after["policy"] == before["policy"]

    (world.root / "leak.sh").unlink()
    world.delete_version(1)
    world.delete("web/record.json")
    for key in world.keys("web/artifacts") + world.keys("web/built"):
        world.delete(key)
    assert released(world, layer_of(world, "innocent"))[""] == never_met[""]


@pytest.mark.skipif(not cage.landlock_abi(), reason="docs/security.md says what it needs")
def test_code_that_is_imported_finds_no_credentials(account: World, links: Path) -> None:
    innocent_wheel(links, "spy", SPY)

    assert "python/spy.py" in released(account, layer_of(account, "spy"))
