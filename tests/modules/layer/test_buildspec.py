from __future__ import annotations

import yaml

from modules.layer.buildspec import buildspec, buildspec_text


def test_the_text_is_the_buildspec_as_yaml() -> None:
    assert yaml.safe_load(buildspec_text()) == buildspec()


def test_a_build_gets_its_tools_and_then_builds() -> None:
    phases = buildspec()["phases"]
    assert phases["install"]["commands"] == ["python3 worker.pyz tools"]
    assert phases["build"]["commands"] == ["python3 worker.pyz build"]


def test_everything_below_out_is_the_artifact() -> None:
    assert buildspec()["artifacts"] == {"base-directory": "out", "files": ["**/*"]}


def test_what_a_later_build_can_use_again_is_cached() -> None:
    assert buildspec()["cache"]["paths"] == [".cache/**/*"]
