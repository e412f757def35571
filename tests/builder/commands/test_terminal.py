"""No command shows raw what the record, the log and AWS say."""

import re

import pytest

from tests.builder.commands.conftest import Project, name_function
from tests.builder.report.test_terminal import POISON, commands


@pytest.fixture
def poisoned(project: Project) -> Project:
    """A layer whose record, log and function have commands in all that they say."""
    project.edit()
    name_function(project)
    project.aws.client("lambda").create_function(
        FunctionName=project.name, Runtime="python3.12", Architectures=["arm64"],
        Role=project.role, Handler="x.y", Code={"ZipFile": b"PK\5\6" + b"\0" * 18},
    )  # fmt: skip
    for _ in range(2):
        project.edit()
        done = project.run("build", "web")
        assert done.exit_code == 0, done.output
    s3 = project.aws.client("s3")
    record = s3.get_object(Bucket=project.bucket, Key="web/record.json")["Body"].read().decode()
    reasons = re.findall(r'"reason": "([^"]+)"', record)
    for reason in set(reasons):
        record = record.replace(f'"reason": "{reason}"', f'"reason": {ascii_json(POISON)}')
    for moment in set(re.findall(r'"published_at": "[^"]+"', record)):
        record = record.replace(moment, f'"published_at": {ascii_json(POISON)}')
    s3.put_object(Bucket=project.bucket, Key="web/record.json", Body=record.encode())
    (build,) = project.aws.client("codebuild").batch_get_builds(ids=[last_build(project)])["builds"]
    project.aws.client("logs").put_log_events(
        logGroupName=build["logs"]["groupName"],
        logStreamName=build["logs"]["streamName"],
        logEvents=[{"timestamp": 1_800_000_000_000, "message": POISON}],
    )
    return project


def ascii_json(text: str) -> str:
    return '"' + "".join(f"\\u{ord(character):04x}" for character in text) + '"'


def last_build(project: Project) -> str:
    found = project.aws.client("codebuild").list_builds_for_project(
        projectName=f"{project.app}-layers", sortOrder="DESCENDING"
    )
    return str(found["ids"][0])


def test_no_command_shows_raw_what_record_and_log_say(poisoned: Project) -> None:
    shown = ""
    for words in (
        *(["status"], ["status", "web"], ["plan"], ["diff", "web"], ["logs", "web"], ["doctor"]),
        *(
            ["--debug", "status"],
            ["rollback", "web", "1", "--reason", POISON, "--yes"],
            ["rollback", "web", "1"],
            ["status"],
            ["plan"],
        ),
        *(["unpin", "web"], ["move", "web"], ["prune", "web", "--keep", "1"], ["build", "web"]),
        *(["wait", "web"], ["lock", "web"], ["prune", "web", "--keep", "1", "--yes"]),
        ["retire", "web", "--yes"],
    ):
        done = poisoned.run(*words, color=True)
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        assert commands(done.output) == [], words
        shown += done.output

    assert r"poison\x1b]52;c;" in shown
