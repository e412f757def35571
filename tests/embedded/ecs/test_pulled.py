from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from builder.images import layer
from builder.images.push import base_of, push
from builder.images.reference import parse
from builder.images.registry import Registry
from embedded.ecs import pulled
from embedded.ecs.images import ImageMissing
from tests.builder.images.test_layer import archive
from tests.embedded.ecs.conftest import Yard
from tests.patience import wait_until
from tests.registry import Registry as Served

FILES = {
    "python/tool.py": b"import os\nprint('tool', os.environ['MARK'])\n",
    "bin/hello": b"#!/usr/bin/env python3\nimport sys\nprint('hello', *sys.argv[1:])\n",
}


@pytest.fixture
def name(yard: Yard, tmp_path: Path) -> Iterator[str]:
    """An image that was pushed to a repository of the embedded ECR."""
    repository = f"{yard.name}-own"
    ecr = yard.aws.client("ecr")
    ecr.create_repository(repositoryName=repository)
    (given,) = ecr.get_authorization_token()["authorizationData"]
    login = base64.b64decode(given["authorizationToken"]).decode()
    packed = archive(tmp_path / "l.zip", FILES, modes={"bin/hello": 0o100755})
    made = layer.write(packed, tmp_path / "l.tar.gz", below="opt")
    own = f"123456789012.dkr.ecr.eu-central-1.amazonaws.com/{repository}:1"
    with Served().serving() as registry:
        registry.image("python", "3", files={"usr/bin/python3": b"no program", "opt/mark": b""})
        base = base_of(parse(f"{registry.host}/python:3", "t"), "x86_64", Registry(registry.host))
        push(
            base,
            made,
            parse(own, "t"),
            Registry(own.partition("/")[0], login=login, url=yard.aws.url),
            paths={"PATH": "/opt/bin", "PYTHONPATH": "/opt/python", "MARK": "/opt/mark"},
            labels={},
            progress=lambda _: None,
        )
    yield own
    ecr.delete_repository(repositoryName=repository, force=True)


def test_a_task_runs_the_programs_and_modules_of_an_image_that_was_pushed(
    yard: Yard, name: str
) -> None:
    task = yard.run(yard.define(["hello", "there"], image=name))
    assert yard.ended(task)["containers"][0]["exitCode"] == 0
    yard.logged(task, "hello there")
    task = yard.run(yard.define(["python3", "-m", "tool"], image=name))
    yard.ended(task)
    wait_until(lambda: len(yard.log(task)) == 1, lambda: f"its line is there: {yard.log(task)}")
    (line,) = yard.log(task)
    mark = Path(line.removeprefix("tool "))
    assert mark.is_file()
    assert mark.parts[-2:] == ("opt", "mark")
    assert not (mark.parents[1] / "usr").exists()


def test_an_image_that_is_nowhere_is_missing(yard: Yard, tmp_path: Path) -> None:
    for missing in (f"123456789012.dkr.ecr.eu-central-1.amazonaws.com/{yard.name}-no:1", "chroma"):
        with pytest.raises(ImageMissing):
            pulled.find(tmp_path, missing, yard.aws.url)


def test_other_bytes_than_those_of_the_digest_are_no_image(tmp_path: Path) -> None:
    with Served().serving() as registry:
        digest = registry.image("a", "1", files={"opt/a": b"a"})
        document = json.loads(registry.manifests["a", digest][1])
        registry.blobs["a", document["layers"][0]["digest"]] = b"other"
        with pytest.raises(OSError, match="other bytes"):
            pulled.find(tmp_path, f"{registry.host}/a:1", f"http://{registry.host}")
