from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from embedded.codebuild.build import goes_on
from tests.patience import wait_until

if TYPE_CHECKING:
    from tests.embedded.conftest import Workshop

ORDER = [
    *("SUBMITTED", "QUEUED", "PROVISIONING", "DOWNLOAD_SOURCE", "INSTALL", "PRE_BUILD", "BUILD"),
    *("POST_BUILD", "UPLOAD_ARTIFACTS", "FINALIZING", "COMPLETED"),
]

MAKE_ARTIFACT = """
version: 0.2
phases:
  build:
    commands:
      - ./make.sh
artifacts:
  base-directory: out
  files: ["**/*"]
"""

FAILING = """
version: 0.2
phases:
  install:
    commands: [echo installing]
  build:
    commands:
      - echo "before $CODEBUILD_BUILD_SUCCEEDING"; mkdir out; echo log >out/log.txt
      - ls no-such-file
      - echo never
    finally:
      - echo "finally $CODEBUILD_BUILD_SUCCEEDING"
  post_build:
    commands:
      - echo "after $CODEBUILD_BUILD_SUCCEEDING"
artifacts:
  files: ["out/*"]
"""


def alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def test_a_build_takes_its_source_from_s3_and_leaves_its_artifacts_there(
    workshop: Workshop,
) -> None:
    script = "#!/bin/bash\nmkdir -p out/deep\necho made >out/layer.txt\necho too >out/deep/.more\n"
    version = workshop.put("in/source.zip", workshop.zipped({"make.sh": script}))
    workshop.put("in/source.zip", b"a later version, which is not the one that was asked for")

    record = workshop.build(
        MAKE_ARTIFACT,
        sourceTypeOverride="S3",
        sourceLocationOverride=f"{workshop.name}/in/source.zip",
        sourceVersion=version,
        artifactsOverride={
            "type": "S3",
            "location": workshop.name,
            "path": "layer/artifacts",
            "name": "fingerprint",
            "namespaceType": "NONE",
            "packaging": "NONE",
            "encryptionDisabled": True,
        },
    )

    assert record["buildStatus"] == "SUCCEEDED"
    assert [phase["phaseType"] for phase in record["phases"]] == ORDER
    assert workshop.keys("layer/") == [
        "layer/artifacts/fingerprint/deep/.more",
        "layer/artifacts/fingerprint/layer.txt",
    ]
    assert workshop.read("layer/artifacts/fingerprint/layer.txt") == b"made\n"
    location = f"arn:aws:s3:::{workshop.name}/layer/artifacts/fingerprint"
    assert record["artifacts"]["location"] == location
    assert record["sourceVersion"] == version


def test_phases_have_times_and_the_build_an_end(workshop: Workshop) -> None:
    record = workshop.build("version: 0.2\nphases:\n  build:\n    commands: [sleep 1.1]\n")

    build = workshop.phase(record, "BUILD")
    assert build["phaseStatus"] == "SUCCEEDED"
    took = (build["endTime"] - build["startTime"]).total_seconds()
    assert took >= 1.1
    # Times have milliseconds; what is left of a second is dropped (test_builds.py).
    assert -0.001 <= took - build["durationInSeconds"] <= 1.001
    assert build["endTime"] <= record["endTime"]


def test_a_failing_command_ends_its_phase_and_the_build_fails(workshop: Workshop) -> None:
    place = {"type": "S3", "location": workshop.name, "name": "failed", "packaging": "NONE"}
    record = workshop.build(FAILING, artifactsOverride=place)
    log = workshop.log(record)

    assert record["buildStatus"] == "FAILED"
    assert workshop.phase(record, "BUILD")["contexts"] == [
        {
            "statusCode": "COMMAND_EXECUTION_ERROR",
            "message": "Error while executing command: ls no-such-file. Reason: exit status 2",
        }
    ]
    told = [line for line in log if line.split(" ")[0] in ("before", "finally", "after", "never")]
    assert told == ["before 1", "finally 0", "after 0"]
    assert "ls: cannot access 'no-such-file': No such file or directory" in log
    assert "Phase complete: BUILD State: FAILED" in log
    # As in AWS: what a failed build left is uploaded.
    assert workshop.keys("failed/") == ["failed/out/log.txt"]


def test_a_failing_install_ends_the_build(workshop: Workshop) -> None:
    record = workshop.build(
        "version: 0.2\n"
        "phases:\n"
        "  install: {commands: ['false'], finally: [echo cleaned up]}\n"
        "  build: {commands: [echo never]}\n"
    )

    assert record["buildStatus"] == "FAILED"
    names = [phase["phaseType"] for phase in record["phases"]]
    assert names == [*ORDER[:5], "FINALIZING", "COMPLETED"]
    assert "cleaned up" in workshop.log(record)


@pytest.mark.parametrize(
    ("phase", "on_failure", "expected"),
    [
        ("install", "", False),
        ("pre_build", "", False),
        ("build", "", True),
        ("post_build", "", True),
        ("install", "CONTINUE", True),
        ("build", "ABORT", False),
    ],
)
def test_what_follows_a_failed_phase(phase: str, on_failure: str, expected: bool) -> None:
    assert goes_on(phase, on_failure) is expected  # type: ignore[arg-type] # parametrized texts


def test_the_log_says_that_the_image_is_not_used(workshop: Workshop) -> None:
    record = workshop.build(
        "version: 0.2\nphases:\n  build:\n    commands: [echo $CODEBUILD_BUILD_IMAGE]\n",
        imageOverride="public.ecr.aws/sam/build-python3.12:latest-arm64",
    )
    log = workshop.log(record)

    assert any("build-python3.12:latest-arm64 is not used" in line for line in log)
    assert "public.ecr.aws/sam/build-python3.12:latest-arm64" in log
    assert record["logs"]["groupName"] == f"/aws/codebuild/{record['projectName']}"
    assert record["logs"]["streamName"] == record["id"].partition(":")[2]


def test_the_log_can_be_read_while_the_build_runs(workshop: Workshop) -> None:
    build_id = workshop.start(
        workshop.project("version: 0.2\nphases:\n  build:\n    commands: [echo early; sleep 600]\n")
    )

    def is_logged() -> bool:
        record = workshop.look(build_id)
        return "streamName" in record["logs"] and "early" in workshop.log(record)

    wait_until(is_logged, "the first line of the log")
    record = workshop.look(build_id)
    assert record["buildStatus"] == "IN_PROGRESS"
    assert record["currentPhase"] == "BUILD"
    workshop.codebuild.stop_build(id=build_id)


def test_a_stopped_build_leaves_no_process(workshop: Workshop, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    command = f"setsid sleep 600 & echo $! >{pids}.new; mv {pids}.new {pids}; sleep 600"
    build_id = workshop.start(
        workshop.project(
            f"version: 0.2\nphases:\n  build:\n    commands: [{json.dumps(command)}]\n"
        )
    )
    workshop.wait_for_file(pids)

    answer = workshop.codebuild.stop_build(id=build_id)["build"]

    assert not alive(int(pids.read_text()))
    assert answer["buildStatus"] == "STOPPED"
    record = workshop.look(build_id)
    assert record["buildComplete"]
    assert workshop.phase(record, "BUILD")["phaseStatus"] == "STOPPED"


def test_environment_variables_of_every_kind_reach_the_commands(workshop: Workshop) -> None:
    workshop.aws.client("ssm").put_parameter(
        Name=f"/{workshop.name}/url", Value="from-parameter", Type="SecureString"
    )
    workshop.aws.client("secretsmanager").create_secret(
        Name=workshop.name, SecretString=json.dumps({"password": "from-secret"})
    )
    role = workshop.role(workshop.policy("s3:*", "logs:*", "ssm:*", "secretsmanager:*"))
    project = workshop.project(
        "version: 0.2\n"
        "env:\n"
        "  variables: {PLAIN: buildspec, ONLY: buildspec}\n"
        f"  secrets-manager: {{SECRET: '{workshop.name}:password'}}\n"
        "phases:\n"
        "  build:\n"
        "    commands:\n"
        "      - echo $PLAIN $ONLY $OVER; echo $SECRET\n"
        "      - echo $SECRET | rev; echo $PARAMETER | rev\n",
        serviceRole=role,
    )
    environment = [
        {"name": "PLAIN", "value": "start", "type": "PLAINTEXT"},
        {"name": "OVER", "value": "with space", "type": "PLAINTEXT"},
        {"name": "PARAMETER", "value": f"/{workshop.name}/url", "type": "PARAMETER_STORE"},
    ]
    record = workshop.wait(workshop.start(project, environmentVariablesOverride=environment))
    log = workshop.log(record)

    assert record["buildStatus"] == "SUCCEEDED"
    assert "start buildspec with space" in log
    assert "from-secret"[::-1] in log
    assert "from-parameter"[::-1] in log
    assert "***" in log
    assert "from-secret" not in log


def test_a_parameter_out_of_reach_fails_the_build_before_its_commands(workshop: Workshop) -> None:
    record = workshop.build(
        "version: 0.2\n"
        "env: {parameter-store: {X: /none}}\n"
        "phases: {build: {commands: [echo never]}}\n"
    )

    assert record["buildStatus"] == "FAILED"
    context = workshop.phase(record, "DOWNLOAD_SOURCE")["contexts"][0]
    assert context["statusCode"] == "Decrypted Variables Error"
    assert "X" in context["message"]


def test_exported_variables_are_in_the_record(workshop: Workshop) -> None:
    record = workshop.build(
        "version: 0.2\n"
        "env: {exported-variables: [ANSWER]}\n"
        "phases: {build: {commands: ['export ANSWER=\"4 2\"', exit 0]}}\n"
    )
    assert record["exportedEnvironmentVariables"] == [{"name": "ANSWER", "value": "4 2"}]


def test_a_source_that_is_missing_fails_the_download(workshop: Workshop) -> None:
    record = workshop.build(
        MAKE_ARTIFACT,
        sourceTypeOverride="S3",
        sourceLocationOverride=f"arn:aws:s3:::{workshop.name}/none.zip",
    )
    context = workshop.phase(record, "DOWNLOAD_SOURCE")["contexts"][0]
    assert record["buildStatus"] == "FAILED"
    assert context["statusCode"] == "CLIENT_ERROR"
    assert "none.zip" in context["message"]


def test_a_buildspec_that_cannot_be_run_is_refused(workshop: Workshop) -> None:
    record = workshop.build("version: 0.2\nrun-as: nobody\nphases: {build: {commands: ['true']}}\n")

    context = workshop.phase(record, "DOWNLOAD_SOURCE")["contexts"][0]
    assert context["statusCode"] == "YAML_FILE_ERROR"
    assert "run-as" in context["message"]


def test_artifacts_that_are_missing_fail_the_build(workshop: Workshop) -> None:
    place = {"type": "S3", "location": workshop.name, "packaging": "NONE"}
    record = workshop.build(
        "version: 0.2\nphases: {build: {commands: ['true']}}\nartifacts: {files: [nothing]}\n",
        artifactsOverride=place,
    )
    assert record["buildStatus"] == "FAILED"
    context = workshop.phase(record, "UPLOAD_ARTIFACTS")["contexts"][0]
    assert context["message"] == "no matching artifact paths found"


def test_a_role_that_does_not_trust_codebuild_cannot_be_assumed(workshop: Workshop) -> None:
    role = workshop.role(workshop.policy("*"), principal={"Service": "lambda.amazonaws.com"})
    record = workshop.build(MAKE_ARTIFACT, {"serviceRole": role})

    context = workshop.phase(record, "PROVISIONING")["contexts"][0]
    assert record["buildStatus"] == "FAILED"
    assert "not authorized to perform: sts:AssumeRole" in context["message"]


def test_a_role_cannot_write_where_its_policy_does_not_say(workshop: Workshop) -> None:
    statements = [
        *workshop.policy("logs:*")["Statement"],
        *workshop.policy("s3:PutObject", resource=f"arn:aws:s3:::{workshop.name}/mine/*")[
            "Statement"
        ],
    ]
    role = workshop.role({"Version": "2012-10-17", "Statement": statements})
    spec = "version: 0.2\nphases: {build: {commands: [touch x]}}\nartifacts: {files: [x]}\n"
    place = {"type": "S3", "location": workshop.name, "name": "out", "packaging": "NONE"}

    own = workshop.build(spec, {"serviceRole": role}, artifactsOverride={**place, "path": "mine"})
    other = workshop.build(spec, {"serviceRole": role}, artifactsOverride={**place, "path": "no"})

    assert own["buildStatus"] == "SUCCEEDED"
    assert other["buildStatus"] == "FAILED"
    assert "AccessDenied" in workshop.phase(other, "UPLOAD_ARTIFACTS")["contexts"][0]["message"]
    assert workshop.keys() == ["mine/out/x"]


WHO = """
import os, boto3
print(boto3.client("sts").get_caller_identity()["Arn"])
print("home", os.listdir(os.environ["HOME"]), "cwd", os.getcwd() == os.environ["CODEBUILD_SRC_DIR"])
print("tests", "PYTEST_CURRENT_TEST" in os.environ, "region", os.environ["AWS_REGION"])
"""


def test_commands_have_the_roles_credentials_and_a_clean_environment(workshop: Workshop) -> None:
    workshop.put("source.zip", workshop.zipped({"who.py": WHO}))
    record = workshop.build(
        "version: 0.2\nphases: {build: {commands: [python3 who.py]}}\n",
        sourceTypeOverride="S3",
        sourceLocationOverride=f"{workshop.name}/source.zip",
    )
    log = workshop.log(record)
    role = workshop.role_arn.rpartition("/")[2]

    assert record["buildStatus"] == "SUCCEEDED"
    assert any(f":assumed-role/{role}/AWSCodeBuild-" in line for line in log)
    assert "home [] cwd True" in log
    assert "tests False region eu-central-1" in log


@pytest.mark.parametrize("kind", ["S3", "LOCAL"])
def test_the_cache_brings_files_from_one_build_to_the_next(workshop: Workshop, kind: str) -> None:
    cache = (
        {"type": "S3", "location": f"{workshop.name}/cache"}
        if kind == "S3"
        else {"type": "LOCAL", "modes": ["LOCAL_CUSTOM_CACHE"]}
    )
    project = workshop.project(
        "version: 0.2\n"
        "phases:\n"
        "  build:\n"
        "    commands:\n"
        "      - cat ~/.cache/seen kept/seen || true\n"
        "      - mkdir -p ~/.cache kept; echo home >~/.cache/seen; echo source >kept/seen\n"
        "cache: {paths: ['/root/.cache/**/*', 'kept/*']}\n",
        cache=cache,
    )
    first = workshop.log(workshop.wait(workshop.start(project)))
    second = workshop.log(workshop.wait(workshop.start(project)))

    assert "home" not in first
    assert f"Saved 2 files to the {kind} cache" in first
    assert second.count("home") == second.count("source") == 1
