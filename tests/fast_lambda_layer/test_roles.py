"""The roles as a program: what it writes, and where it cannot."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.fast_lambda_layer.test_synth import LAYERS, run

WITHOUT_CDKTF = (
    "import sys\n"
    "sys.modules['cdktf'] = None\n"
    "from fast_lambda_layer import roles\n"
    "sys.exit(roles.main())\n"
)
PLACE = ("--account", "123456789012", "--region", "eu-west-1", "--partition", "aws")


@pytest.mark.slow
def test_roles_are_json_of_the_application_that_is_named(tmp_path: Path) -> None:
    (tmp_path / "layers.toml").write_text(LAYERS)
    words = ("-P", "-m", "fast_lambda_layer.roles", "--config", "layers.toml", "--app", "shop-dev")

    done = run(tmp_path, *words, *PLACE)
    assert done.returncode == 0, done.stderr
    names = [role["name"] for role in json.loads(done.stdout)]
    assert names == ["shop-dev-layers-eu-west-1", "shop-dev-web-eu-west-1-build"]
    assert [file.name for file in tmp_path.iterdir()] == ["layers.toml"]


@pytest.mark.slow
def test_without_cdktf_the_error_says_how_to_get_it(tmp_path: Path) -> None:
    done = run(tmp_path, "-c", WITHOUT_CDKTF, "--config", "layers.toml", *PLACE)

    assert done.returncode == 1
    assert "cdktf is not installed" in done.stderr
    assert "pip install" in done.stderr
