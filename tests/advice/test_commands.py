"""Errors of commands in AWS: each is met, its advice is followed, and it is gone."""

import json
import shlex

import pytest

from tests.advice.commands import Commands
from tests.advice.table import TABLE, problems
from tests.builder.commands.conftest import Project

FOLLOWED = {site: row for site, row in TABLE.items() if isinstance(row, Commands)}


@pytest.mark.slow
def test_every_error_has_a_row_and_every_row_an_error() -> None:
    assert problems() == []


def act(project: Project, step: str) -> None:
    """Do one step that must work."""
    word, _, rest = step.partition(" ")
    if word == "edit":
        project.edit()
    elif word in {"delete", "put"}:
        key = rest
        if "{" in rest:
            (found,) = json.loads(project.run("status", "--json").stdout)
            key = rest.format(**found["release"])
        s3 = project.aws.client("s3")
        if word == "delete":
            s3.delete_object(Bucket=project.bucket, Key=key)
        else:
            s3.put_object(Bucket=project.bucket, Key=key, Body=b"not what was there")
    else:
        done = project.run(*shlex.split(step))
        assert done.exit_code == 0, f"{step}: {done.output}"


@pytest.mark.parametrize("site", FOLLOWED)
def test_an_error_is_gone_once_its_advice_is_followed(site: str, project: Project) -> None:
    row = FOLLOWED[site]
    for step in row.before:
        act(project, step)

    met = project.run(*shlex.split(row.met))
    assert met.exit_code == 1, met.output
    assert met.stderr.startswith("ERROR: ") or "\nERROR: " in met.stderr
    assert row.advice in met.stderr.partition("fix:")[2]

    for step in row.follow:
        act(project, step)
    act(project, row.then or row.met)
