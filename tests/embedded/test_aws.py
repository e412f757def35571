from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import zipfile
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.exceptions import ClientError

from embedded.aws import EmbeddedAws, without_aws
from tests.patience import PATIENCE, wait_until

if TYPE_CHECKING:
    from tests.embedded.conftest import Workshop


def test_the_environment_is_all_a_program_needs(aws: EmbeddedAws) -> None:
    program = "import boto3; print(boto3.client('sts').get_caller_identity()['Account'])"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"PATH": os.environ["PATH"], **aws.environment()},
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    assert (done.stdout, done.stderr) == ("123456789012\n", "")


def test_settings_of_another_aws_do_not_shine_through(
    aws: EmbeddedAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "token")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")

    environment = aws.process_environment()
    assert "AWS_PROFILE" not in environment
    assert "AWS_SESSION_TOKEN" not in environment
    assert "127.0.0.1" in environment["NO_PROXY"].split(",")
    assert without_aws({"AWS_PROFILE": "x", "PATH": "y"}) == {"PATH": "y"}
    assert aws.client("sts").get_caller_identity()["Arn"] == "arn:aws:iam::123456789012:root"


def test_calls_tell_reads_from_writes_and_who_made_them(workshop: Workshop) -> None:
    aws = workshop.aws
    user = aws.client("s3", aws.user(workshop.policy("s3:GetObject")))
    lambdas = aws.client("lambda")
    workshop.put("key", b"content")
    content = BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("python/x.py", "")
    before = len(aws.calls())

    user.get_object(Bucket=workshop.name, Key="key")
    with pytest.raises(ClientError, match="AccessDenied"):
        user.put_object(Bucket=workshop.name, Key="key", Body=b"x" * 100_000)
    workshop.s3.delete_object(Bucket=workshop.name, Key="key")
    lambdas.publish_layer_version(LayerName=workshop.name, Content={"ZipFile": content.getvalue()})
    lambdas.list_layer_versions(LayerName=workshop.name)
    aws.client("sts").get_caller_identity()
    aws.client("codebuild").list_projects()

    calls = [c for c in aws.calls()[before:] if ":assumed-role/" not in c.principal]
    assert [(c.service, c.operation, c.is_write, c.status) for c in calls] == [
        ("s3", "GetObject", False, 200),
        ("s3", "PutObject", True, 403),
        ("s3", "DeleteObject", True, 204),
        ("lambda", "PublishLayerVersion", True, 201),
        ("lambda", "ListLayerVersions", False, 200),
        ("sts", "GetCallerIdentity", False, 200),
        ("codebuild", "ListProjects", False, 200),
    ]
    assert calls[0].principal.startswith("arn:aws:iam::123456789012:user/user-")
    assert calls[0].target == f"/{workshop.name}/key"
    assert calls[2].principal == "arn:aws:iam::123456789012:root"


def test_a_large_object_goes_up_and_down_unchanged(workshop: Workshop, tmp_path: Path) -> None:
    file = tmp_path / "large"
    content = os.urandom(1 << 20) * 24
    file.write_bytes(content)
    workshop.s3.upload_file(str(file), workshop.name, "large")
    assert workshop.read("large") == content


def test_a_function_runs_with_its_layer_and_without_the_projects_packages(
    workshop: Workshop,
) -> None:
    lambdas = workshop.aws.client("lambda")
    layer = workshop.zipped({"python/only_in_layer.py": "WHERE = 'layer'\n"})
    handler = """
        import importlib.util, os
        def handler(event, context):
            import boto3, only_in_layer
            return {
                "where": only_in_layer.WHERE,
                "pytest": importlib.util.find_spec("pytest") is not None,
                "caller": boto3.client("sts").get_caller_identity()["Arn"],
                "codebuild": os.environ["AWS_ENDPOINT_URL_CODEBUILD"],
            }
    """
    version = lambdas.publish_layer_version(LayerName=workshop.name, Content={"ZipFile": layer})
    role = workshop.role(
        workshop.policy("sts:GetCallerIdentity"), principal={"Service": "lambda.amazonaws.com"}
    )
    lambdas.create_function(
        FunctionName=workshop.name,
        Runtime="python3.11",
        Role=role,
        Handler="main.handler",
        Code={"ZipFile": workshop.zipped({"main.py": textwrap.dedent(handler)})},
        Layers=[version["LayerVersionArn"]],
    )
    lambdas.get_waiter("function_active_v2").wait(FunctionName=workshop.name)
    answer = lambdas.invoke(FunctionName=workshop.name)
    result = json.loads(answer["Payload"].read())

    assert answer["StatusCode"] == 200
    assert result.get("where") == "layer", result
    assert result["pytest"] is False
    assert f":assumed-role/{role.rpartition('/')[2]}/" in result["caller"]
    assert result["codebuild"] == workshop.aws.codebuild_url


def test_nothing_listens_beyond_loopback(aws: EmbeddedAws) -> None:
    ports = {aws.agent_port, int(aws.url.rpartition(":")[2])}
    listening = {}
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        local, state = line.split()[1], line.split()[3]
        if state == "0A":
            address, port = local.split(":")
            listening[int(port, 16)] = address
    assert {listening[port] for port in ports} == {"0100007F"}


OWNER = """
    import sys, time, json
    from pathlib import Path
    from embedded.aws import EmbeddedAws
    with EmbeddedAws(Path(sys.argv[1])) as aws:
        Path(sys.argv[1], "ready").write_text(json.dumps([aws.url, aws.codebuild_url]))
        time.sleep(600)
"""


@pytest.mark.slow
def test_nothing_stays_when_the_owner_is_killed(tmp_path: Path) -> None:
    state = tmp_path / "state"
    owner = subprocess.Popen([sys.executable, "-c", textwrap.dedent(OWNER), str(state)])
    try:
        wait_until(lambda: (state / "ready").exists() or owner.poll() is not None, "a start")
        assert owner.poll() is None
    finally:
        owner.send_signal(signal.SIGKILL)
        owner.wait(PATIENCE)

    wait_until(lambda: not processes_in(state), "the end of all processes")


def processes_in(folder: Path) -> list[int]:
    """Return the processes that have a folder in their command line."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and str(folder) in (entry / "cmdline").read_text():
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def test_two_instances_share_nothing(aws: EmbeddedAws, tmp_path: Path) -> None:
    with EmbeddedAws(tmp_path / "another") as other:
        other.client("s3").create_bucket(
            Bucket="only-there", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
        )
        assert other.url != aws.url
        names = [bucket["Name"] for bucket in aws.client("s3").list_buckets()["Buckets"]]
        assert "only-there" not in names

        url = other.codebuild_url
        other.restart_agent()
        assert other.codebuild_url == url
        assert other.client("codebuild").list_projects()["projects"] == []
        assert boto3.DEFAULT_SESSION is None
