import json
import tomllib
from pathlib import Path

from click.testing import CliRunner, Result

from builder.cli import main
from builder.spec.layers_toml import load_config
from tests.builder.images.conftest import Start, start

__all__ = ["start"]

TOML = """
[app]
name = "shop"
{defaults}
[layers.web]
dependencies = ["requests"]
python = ["3.12", "3.13"]
architecture = "arm64"
"""


def run(folder: Path, *arguments: str, **defaults: object) -> Result:
    lines = [f"{key} = {json.dumps(value)}" for key, value in defaults.items()]
    config = folder / "layers.toml"
    config.write_text(TOML.format(defaults="\n".join(["[defaults]", *lines])))
    return CliRunner().invoke(main, ["--config", str(config), "build-images", *arguments])


def test_what_it_writes_pins_the_images_of_all_layers(start: Start, tmp_path: Path) -> None:
    served = start(auth="bearer")
    digest = served.image("build", "1", files={"a": b"1"}, architecture="arm64")
    images = [f"python{python}-arm64={served.host}/build:1" for python in ("3.12", "3.13")]

    done = run(tmp_path, images=images)

    assert done.exit_code == 0, done.output
    pinned = tomllib.loads(done.stdout)["images"]
    assert pinned == [f"{image}@{digest}" for image in images]
    again = run(tmp_path, "--json", images=pinned)
    assert json.loads(again.stdout) == {"images": pinned}
    (layer,) = load_config(tmp_path / "layers.toml").layers
    assert list(layer.images) == pinned


def test_a_digest_that_is_too_short_is_one_error_with_its_place(tmp_path: Path) -> None:
    done = run(tmp_path, images=["python3.12-arm64=a.example/b@sha256:123"])

    assert done.exit_code == 1
    assert "names no image of a target" in done.stderr
    assert "64 hexadecimal digits" in done.stderr
    assert "Traceback" not in done.stderr
