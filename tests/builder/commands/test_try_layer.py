from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.builder.commands.test_size import folder as folder
from tests.builder.commands.test_size import run
from tests.builder.sizes.conftest import own_cache as own_cache
from tests.builder.sizes.conftest import serve as serve
from tests.builder.sizes.conftest import shelf as shelf
from tests.builder.sizes.test_trial import tools as tools
from tests.worker.conftest import make_tools as make_tools
from tests.worker.conftest import make_wheel as make_wheel
from tests.worker.conftest import uv_cache as uv_cache


@pytest.mark.slow
def test_a_layer_is_built_here_and_left_in_a_folder(folder: Path, tmp_path: Path) -> None:
    made = run("try", "web", "-o", str(tmp_path / "left"))
    assert made.exit_code == 0, made.stderr
    assert (tmp_path / "left/layer.zip").is_file()
    assert "What only CodeBuild can tell" in made.stdout
    document = json.loads(run("try", "web", "--json").stdout)
    assert (Path(document["folder"]) / "layer.zip").is_file()


def test_one_layer_is_tried_at_a_time(folder: Path) -> None:
    refused = run("try", "web", "--python", "3.12", "--python", "3.13")
    assert refused.exit_code == 1
    assert "one layer at a time" in refused.stderr
