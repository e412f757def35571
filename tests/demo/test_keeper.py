from __future__ import annotations

import os
import subprocess
from pathlib import Path

import boto3
import pytest

from demo.keeper import kept_aws, stayed, stop
from tests.patience import PATIENCE


def is_running(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def folder_in(path: Path) -> Path:
    (path / "logs").mkdir()
    return path


@pytest.mark.aws
def test_the_embedded_aws_ends_with_the_block(tmp_path: Path) -> None:
    with kept_aws(folder_in(tmp_path)) as aws:
        assert aws.environment["AWS_ENDPOINT_URL"].startswith("http://127.0.0.1:")
    assert aws.process.poll() == 0
    assert not stop(tmp_path)


@pytest.mark.aws
def test_it_stays_when_asked_and_ends_when_stopped(tmp_path: Path) -> None:
    with kept_aws(folder_in(tmp_path)) as aws:
        aws.stay()
    client = boto3.Session().client(
        "sts",
        endpoint_url=aws.environment["AWS_ENDPOINT_URL"],
        aws_access_key_id=aws.environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=aws.environment["AWS_SECRET_ACCESS_KEY"],
        region_name=aws.environment["AWS_REGION"],
    )
    try:
        assert client.get_caller_identity()["Account"] == "123456789012"
    finally:
        assert stop(tmp_path)
        assert aws.process.wait(PATIENCE) == 0


def test_a_number_that_belongs_to_another_caller_is_left_alone(tmp_path: Path) -> None:
    with subprocess.Popen(["sleep", "30"]) as stranger:
        (tmp_path / "keeper.pid").write_text(str(stranger.pid))
        assert not stop(tmp_path)
        assert stranger.poll() is None
        os.kill(stranger.pid, 9)


@pytest.mark.aws
def test_one_that_stays_is_found_again_until_it_is_stopped(tmp_path: Path) -> None:
    folder = folder_in(tmp_path)
    assert stayed(folder) is None
    with kept_aws(folder) as aws:
        assert stayed(folder) is None
        aws.stay()
    try:
        assert stayed(folder) == aws.environment
    finally:
        assert stop(folder)
        assert aws.process.wait(PATIENCE) == 0
    assert stayed(folder) is None
