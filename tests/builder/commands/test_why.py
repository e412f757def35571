from __future__ import annotations

import json
from pathlib import Path

from tests.builder.commands.test_size import folder as folder
from tests.builder.commands.test_size import run
from tests.builder.sizes.conftest import own_cache as own_cache
from tests.builder.sizes.conftest import serve as serve
from tests.builder.sizes.conftest import shelf as shelf
from tests.worker.conftest import make_wheel as make_wheel
from tests.worker.conftest import uv_cache as uv_cache


def test_why_says_who_pulls_a_package_in(folder: Path) -> None:
    shown = run("why", "web", "Core")
    assert shown.exit_code == 0, shown.stderr
    assert "only because of web" in shown.stdout
    (found,) = json.loads(run("why", "web", "core", "--json").stdout)
    assert found["only_because_of"] == ["web"]


def test_the_tree_is_another_view_of_the_size(folder: Path) -> None:
    shown = run("size", "web", "--tree")
    first, second, third = shown.stdout.splitlines()[:3]
    assert first.startswith("web: python3.12 on arm64")
    assert "web 1.0" in second
    assert "core 1.0" in third


def test_a_package_that_is_not_there_gets_the_nearest_name(folder: Path) -> None:
    refused = run("why", "web", "cor")
    assert refused.exit_code == 1
    assert "such as core" in refused.stderr
