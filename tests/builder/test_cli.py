import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from builder import __version__
from builder.cli import main
from builder.clock import Clock
from builder.commands import build as build_command
from builder.local.embedded import EmbeddedAws
from builder.record import Release
from builder.release import ensure
from builder.retire import RETIRE_VARIABLE
from tests.builder.conftest import BUILDSPEC, World, environ, package, quick, wait_for, write_tree

PROGRAM = str(Path(sys.executable).with_name("lambda-layer"))
LAYERS = """
[app]
name = "{app}"
region = "eu-central-1"
[layers.web]
package = "src"
python = ["3.12"]
architecture = "arm64"
"""


class Project(World):
    """A project with a layers.toml, whose stack is applied."""

    def __init__(self, aws: EmbeddedAws, root: Path) -> None:
        super().__init__(aws, root)
        self.app = f"a{self.name[:12]}"
        write_tree(root, {"layers.toml": LAYERS.format(app=self.app)})
        aws.client("codebuild").create_project(
            name=f"{self.app}-layers",
            source={"type": "NO_SOURCE", "buildspec": BUILDSPEC},
            artifacts={"type": "NO_ARTIFACTS"},
            environment={
                "type": "LINUX_CONTAINER",
                "image": "public.ecr.aws/sam/build-python3.12:latest",
                "computeType": "BUILD_GENERAL1_SMALL",
            },
            serviceRole=self.role,
        )
        self.bucket = f"{self.app}-layers-123456789012-eu-central-1"
        s3 = aws.client("s3")
        s3.create_bucket(
            Bucket=self.bucket, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
        )
        s3.put_bucket_versioning(Bucket=self.bucket, VersioningConfiguration={"Status": "Enabled"})
        iam = aws.client("iam")
        document = iam.get_role(RoleName=self.name)["Role"]["AssumeRolePolicyDocument"]
        allowed = iam.get_role_policy(RoleName=self.name, PolicyName="p")["PolicyDocument"]
        role = f"{self.app}-web-eu-central-1-build"
        iam.create_role(RoleName=role, AssumeRolePolicyDocument=json.dumps(document))
        iam.put_role_policy(RoleName=role, PolicyName="p", PolicyDocument=json.dumps(allowed))

    def run(self, *arguments: str, **options: Any) -> Result:
        """Run the command in this process."""
        config = str(self.root / "layers.toml")
        return CliRunner().invoke(main, ["--config", config, *arguments], **options)

    def command(self, *arguments: str) -> list[str]:
        """Return the command that runs in a process of its own."""
        config = str(self.root / "layers.toml")
        return [PROGRAM, "--config", config, *arguments]


@pytest.fixture
def project(aws: EmbeddedAws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    environ(monkeypatch, aws.environment())

    def quickly(*arguments: Any, clock: Clock | None = None, **options: Any) -> Release:
        return ensure(*arguments, clock=clock or quick(), **options)

    monkeypatch.setattr(build_command, "ensure", quickly)
    return Project(aws, tmp_path)


def commands(group: click.Group = main, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield path
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name)


# Help


@pytest.mark.parametrize("path", list(commands()), ids=" ".join)
@pytest.mark.parametrize("option", ["--help", "-h"])
def test_every_command_has_help_with_an_example(path: tuple[str, ...], option: str) -> None:
    done = CliRunner().invoke(main, [*path, option])

    assert done.exit_code == 0
    assert f"Example: lambda-layer {' '.join(path)}".rstrip() in done.output


def test_the_help_documents_the_exit_codes() -> None:
    assert "Exit codes: 0 done; 1 an error" in CliRunner().invoke(main, ["--help"]).output


def test_the_version_is_told() -> None:
    assert CliRunner().invoke(main, ["--version"]).output.strip().endswith(__version__)


# A day of work


def test_plan_build_status_and_logs_by_hand(project: Project) -> None:
    assert project.run("plan", "--detailed-exitcode").exit_code == 2
    built = project.run("build", "web")
    assert built.exit_code == 0
    assert ":layer:" + project.app + "-web:1" in built.stdout
    assert "web: missing: first build" in built.stderr

    assert project.run("plan", "--detailed-exitcode").exit_code == 0
    assert "current" in project.run("plan", "web").stdout
    assert "published" in project.run("status").stdout
    assert "building web" in project.run("logs", "web").stdout

    project.edit()
    due = project.run("plan", "--json")
    assert due.exit_code == 0
    (found,) = json.loads(due.stdout)
    assert (found["status"], found["reason"]) == ("stale", "src/web/app.py changed")


def test_a_build_of_what_is_current_only_shows_it(project: Project) -> None:
    project.run("build", "web")
    again = project.run("build", "web", "--json")

    assert json.loads(again.stdout)["version"] == 1
    assert again.stderr == ""


def test_a_forced_build_is_a_new_version(project: Project) -> None:
    project.run("build", "web")

    assert json.loads(project.run("build", "web", "--force", "--json").stdout)["version"] == 2


def test_a_failed_build_is_an_error_with_its_log(project: Project) -> None:
    project.behave("fail")
    done = project.run("build", "web")

    assert done.exit_code == 1
    assert done.stdout == ""
    assert "ERROR: the build of layer 'web' failed: " in done.stderr
    assert "no such package: unobtainium" in done.stderr
    assert "Traceback" not in done.stderr
    assert "failed" in project.run("status").stdout


def test_retiring_asks_first_and_removes_everything(project: Project) -> None:
    project.run("build", "web")

    assert project.run("retire", "web", input="n\n").exit_code == 1
    assert "published" in project.run("status").stdout

    done = project.run("retire", "web", "--yes")
    assert done.exit_code == 0
    assert "missing" in project.run("status").stdout
    s3 = project.aws.client("s3")
    assert s3.list_object_versions(Bucket=project.bucket).get("Versions", []) == []


def test_terraform_retires_without_being_asked_and_without_a_configuration(
    project: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    project.run("build", "web")
    asked = {
        "layer": "web", "layer_name": f"{project.app}-web", "bucket": project.bucket,
        "region": "eu-central-1", "account": "123456789012", "profile": "", "role_arn": "",
        "retain": "false",
    }  # fmt: skip
    monkeypatch.setenv(RETIRE_VARIABLE, json.dumps(asked))
    (project.root / "layers.toml").unlink()

    done = CliRunner().invoke(main, ["retire"])
    assert done.exit_code == 0, done.output
    assert "deleted arn:aws:lambda:" in done.stderr

    monkeypatch.setenv(RETIRE_VARIABLE, json.dumps({**asked, "account": "999999999999"}))
    refused = CliRunner().invoke(main, ["retire"])
    assert refused.exit_code == 1
    assert "999999999999" in refused.stderr


# Wrong usage and errors


def test_retiring_nothing_is_wrong_usage(project: Project) -> None:
    done = project.run("retire")

    assert done.exit_code == 2
    assert RETIRE_VARIABLE in done.stderr


@pytest.mark.parametrize("arguments", [("plan", "--wrong"), ("build",), ("no-such-command",)])
def test_wrong_usage_is_exit_code_2(arguments: tuple[str, ...]) -> None:
    assert CliRunner().invoke(main, arguments).exit_code == 2


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (("plan", "wep"), "there is no layer 'wep'"),
        (("build", "wep"), "there is no layer 'wep'"),
        (("logs", "web"), "layer 'web' has no build to show"),
        (("--profile", "gone", "plan"), "The config profile (gone) could not be found"),
    ],
)
def test_an_error_is_exit_code_1_and_one_message(
    project: Project, arguments: tuple[str, ...], what: str
) -> None:
    done = project.run(*arguments)

    assert done.exit_code == 1
    assert done.stderr.startswith(f"ERROR: {what}")
    assert "fix:" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_error_is_json_when_json_was_asked_for(tmp_path: Path) -> None:
    config = ["--config", str(tmp_path / "layers.toml")]

    done = CliRunner().invoke(main, [*config, "plan", "--json"])
    assert done.exit_code == 1
    error = json.loads(done.stderr)["error"]
    assert (error["kind"], error["what"]) == ("SpecError", "there is no layers.toml")

    assert CliRunner().invoke(main, [*config, "plan"]).stderr.startswith("ERROR: ")


def test_debug_shows_the_traceback(tmp_path: Path) -> None:
    config = ["--config", str(tmp_path / "layers.toml")]

    assert "Traceback" in CliRunner().invoke(main, ["--debug", *config, "plan"]).stderr


# As a process


def ran(command: list[str], aws: EmbeddedAws, **options: Any) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command, env=aws.process_environment(), capture_output=True, text=True, check=False,
        timeout=60, **options,
    )  # fmt: skip


def test_the_hook_answers_on_stdout_and_nothing_else(project: Project) -> None:
    layer = project.layer()
    query = {
        "spec": layer.spec.to_json(), "root": str(project.root), "region": "eu-central-1",
        "account": "123456789012", "layer_name": "x-web", "bucket": project.bucket,
        "project": f"{project.app}-layers", "build_role": project.role, "log_group": "/g",
    }  # fmt: skip
    done = ran(project.command("hook", "plan"), project.aws, input=json.dumps(query))

    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["status"] == "missing"


def test_a_hook_that_is_asked_nonsense_fails_on_stderr(project: Project) -> None:
    done = ran(project.command("hook", "release"), project.aws, input="nonsense")

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("ERROR: the hook's query cannot be used")


def test_a_broken_description_is_told_without_aws(tmp_path: Path) -> None:
    package(tmp_path)
    write_tree(tmp_path, {"layers.toml": '[app]\nname = "x1"\n[layers.web]\npyton = []\n'})
    done = subprocess.run(
        [PROGRAM, "plan"],
        cwd=tmp_path, env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 1
    assert "did you mean 'python'?" in done.stderr
    assert "\x1b" not in done.stderr


def test_without_credentials_the_fix_is_to_log_in(tmp_path: Path) -> None:
    package(tmp_path)
    write_tree(tmp_path, {"layers.toml": LAYERS.format(app="x1")})
    nowhere = {
        "PATH": os.environ["PATH"], "HOME": str(tmp_path), "AWS_EC2_METADATA_DISABLED": "true",
    }  # fmt: skip
    done = subprocess.run(
        [PROGRAM, "plan"],
        cwd=tmp_path, env=nowhere, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 1
    assert "ERROR: there are no AWS credentials" in done.stderr
    assert "log in" in done.stderr


def test_ctrl_c_says_that_the_build_goes_on_and_it_is_joined(project: Project) -> None:
    go = project.root / "go"
    project.behave("wait", str(go))
    process = subprocess.Popen(
        project.command("build", "web"),
        env=project.aws.process_environment(), stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    codebuild = project.aws.client("codebuild")

    def builds() -> list[str]:
        return codebuild.list_builds_for_project(projectName=f"{project.app}-layers")["ids"]

    try:
        wait_for(lambda: len(builds()) == 1)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=20)
    finally:
        process.kill()
        process.wait()
        go.touch()

    assert process.returncode == 130
    assert "a running build goes on" in said
    assert json.loads(project.run("build", "web", "--json").stdout)["version"] == 1
    assert len(builds()) == 1
