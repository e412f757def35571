"""What must be nowhere is not in what Terraform keeps, shows and logs of an apply either.

The state and its backup, saved plans, `terraform show -json` of both, the logs that TF_LOG=TRACE
writes of Terraform and its providers (the stand-ins do not show their requests there, as the real
one does), what a user sees, and the log of a build in debug mode.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from builder.spec.indexes import Index
from tests.builder.spec.test_indexes import KEPT_BY_PEOPLE, of_file
from tests.hostile import searched
from tests.package_index import PackageIndex
from tests.terraform.conftest import Make, Stack
from tests.terraform.module_root import ModuleRoot, settings_of
from tests.terraform.packages import layer, write

FORMS = ("stack", "module")

PASSWORD = "state/horse+battery@staple 50%"
LOG = "trace.log"


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PackageIndex]:
    """An index with one package, that wants a password."""
    folder = tmp_path_factory.mktemp("private")
    info = "fll_kept-1.0.dist-info"
    files = {
        "fll_kept.py": "",
        f"{info}/METADATA": "Metadata-Version: 2.1\nName: fll_kept\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    files[f"{info}/RECORD"] = "".join(f"{name},,\n" for name in (*files, f"{info}/RECORD"))
    with zipfile.ZipFile(folder / "fll_kept-1.0-py3-none-any.whl", "w") as wheel:
        for name, text in files.items():
            wheel.writestr(name, text)
    with PackageIndex(folder, "ci", PASSWORD).serving() as serving:
        yield serving


@pytest.fixture
def stack(make: Make, machine: dict[str, str], index: PackageIndex, tmp_path: Path) -> Stack:
    """A layer from the index, and files that people keep beside their sources."""
    name = f"pypi-{tmp_path.name}"
    secret = f"{name}:password"
    private = Index("private", index.url, "ci", secret, default=True)
    logged = {"TF_LOG": "TRACE", "TF_LOG_PATH": str(tmp_path / LOG), "TF_VAR_debug_mode": "true"}
    spec = layer(dependencies=("fll-kept",), indexes=(private,))
    stack = make(spec, environment={**machine, **logged})
    if isinstance(stack, ModuleRoot):
        described = {"url": index.url, "username": "ci", "secret": secret, "default": True}
        stack.call("web", layers={"web": settings_of(spec)}, indexes={"private": described})
        stack.run("init")
    stack.aws.client("secretsmanager").create_secret(
        Name=name, SecretString=json.dumps({"user": "ci", "password": PASSWORD})
    )
    for file, text in KEPT_BY_PEOPLE.items():
        write(stack.project / "web" / file, text.format(of_file(file)))
    return stack


def kept(stack: Stack, log: Path) -> Iterator[tuple[str, bytes]]:
    """Yield what Terraform has left in its folder, its log, and what a build has said."""
    for file in stack.project.rglob("*"):
        is_kept = ".tfstate" in file.name or file.name.startswith("plan")
        if file.is_file() and is_kept and "providers" not in file.parts:
            yield file.name, file.read_bytes()
    yield LOG, log.read_bytes()
    yield "the state, shown", stack.run("show", "-json").stdout.encode()
    yield "outputs", stack.run("output", "-json").stdout.encode()
    logs, group = stack.aws.client("logs"), f"/aws/codebuild/{stack.name}-layers"
    for stream in logs.describe_log_streams(logGroupName=group)["logStreams"]:
        events = logs.get_log_events(logGroupName=group, logStreamName=stream["logStreamName"])
        said = "\n".join(event["message"] for event in events["events"])
        yield "the build's log", said.encode()


def test_no_secret_is_in_what_terraform_keeps_shows_or_logs(
    stack: Stack, index: PackageIndex, tmp_path: Path
) -> None:
    planned = stack.plan()
    shown = json.dumps(planned.document)
    applied = stack.apply("plan")
    after = stack.plan()

    assert (applied.builds, after.exit_code) == (1, 0)
    assert any(path.startswith("/files/") for path in index.asked)
    seen = [
        *kept(stack, tmp_path / LOG),
        *(("the plan, shown", text.encode()) for text in (shown, json.dumps(after.document))),
        *(("what a user sees", done.said.encode()) for done in (planned, applied, after)),
    ]
    # What must be there is found by the same search, in the plan that is an archive, too.
    known = searched.found(["fll-kept", "aws_s3_object"], seen)
    for place in ("terraform.", "plan!", LOG, "the plan, shown", "the state, shown"):
        assert any(f" in {place}" in each for each in known), (place, known)
    assert any("fll_kept" in text.decode() or "fll-kept" in text.decode()
               for name, text in seen if name == "the build's log")  # fmt: skip
    secrets = [PASSWORD, *map(of_file, KEPT_BY_PEOPLE)]
    assert searched.found(secrets, seen) == []
