"""Ctrl-C at `lambda-layer deploy`, as somebody at a terminal presses it: then once more."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest

from embedded.aws import EmbeddedAws
from tests.patience import PATIENCE, wait_until
from tests.terminals.pseudo import Terminal, in_terminal
from tests.terraform.conftest import INSTALLED
from tests.terraform.packages import PYTHON
from tests.terraform.test_deploy import Folder
from tests.terraform.test_deploy import folder_fixture as folder_fixture

LAYERS = """
[app]
name = "{app}"
[layers.web]
package = "web"
python = ["{python}"]
architecture = "x86_64"
size_check = "off"
"""

WAITS = """
import os, time
while not os.path.exists({go!r}):  # the cage of a build lets it ask that, and no more
    time.sleep(0.05)
"""


@pytest.fixture(name="app")
def app_fixture(folder: Folder) -> str:
    """The application of a project whose build waits until there is a file ``go``."""
    app = f"t{uuid.uuid4().hex[:10]}"
    (folder.root / "layers.toml").write_text(LAYERS.format(app=app, python=PYTHON))
    backend = folder.root / "web/backend.py"
    backend.write_text(WAITS.format(go=str(folder.root.parent / "go")) + backend.read_text())
    return app


def interrupted(folder: Folder, moment: Callable[[Terminal], object], *words: str) -> str:
    """Deploy until a moment, press Ctrl-C there, and return what was said after it."""
    command = [str(INSTALLED), "deploy", *words]
    with in_terminal(command, env=folder.environment, cwd=folder.root) as terminal:
        terminal.wait_for(lambda: moment(terminal), "the moment to be interrupted")
        before = len(terminal.text)
        terminal.press_ctrl_c()
        code, left = terminal.wait(PATIENCE), terminal.group()
        wait_until(lambda: "interrupted" in terminal.text[before:], lambda: terminal.text)
        assert (code, left) == (130, []), terminal.text
        assert "Traceback" not in terminal.text
        return terminal.text[before:]


def versions(aws: EmbeddedAws, app: str) -> list[int]:
    found = aws.client("lambda").list_layer_versions(LayerName=f"{app}-web")
    return [version["Version"] for version in found["LayerVersions"]]


def test_a_deploy_that_was_interrupted_is_finished_by_the_next(
    folder: Folder, app: str, aws: EmbeddedAws
) -> None:
    said = interrupted(folder, lambda t: " init, in " in t.text)
    assert "interrupted; nothing was applied\n" in said
    said = interrupted(folder, lambda t: "Apply this?" in t.text)
    assert "interrupted; nothing was applied\n" in said
    assert versions(aws, app) == []

    said = interrupted(folder, lambda t: "web: phase build" in t.text, "--yes")
    assert "interrupted; a running build goes on, run it again to join it" in said
    (folder.root.parent / "go").touch()
    done = folder.run("deploy", "--yes")
    assert done.returncode == 0, done.stderr
    assert versions(aws, app) == [1]
    codebuild = aws.client("codebuild")
    assert len(codebuild.list_builds_for_project(projectName=f"{app}-layers")["ids"]) == 1
    assert "nothing to do" in folder.run("deploy", "--yes").stderr
