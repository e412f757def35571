"""Services and the layers that are their images."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from builder.errors import SpecError
from builder.spec.layers_toml import load_config
from builder.spec.service_layers import joined
from builder.spec.service_spec import ServiceSpec
from tests.builder.conftest import spec_of

TOML = """
[app]
name = "shop"
[layers.server]
dependencies = ["chromadb"]
python = ["3.13"]
architecture = "x86_64"
image = true
[layers.web]
dependencies = ["rich"]
python = ["3.12", "3.13"]
architecture = "arm64"
split = "target"
[services.chroma]
layer = "server"
command = ["chroma", "run", "--port", "{port}"]
vpc = "vpc-0123abcd"
subnets = ["subnet-0123abcd"]
"""


def service(**changes: Any) -> ServiceSpec:
    command = ("chroma", "{port}")
    return ServiceSpec("chroma", command, **{"layer": "server", **changes})


def test_a_service_runs_on_what_its_layer_is_for_and_the_layer_has_the_supervisor(
    tmp_path: Path,
) -> None:
    (tmp_path / "layers.toml").write_text(TOML)

    config = load_config(tmp_path / "layers.toml")

    (chroma,) = config.services
    assert (chroma.layer, chroma.architecture) == ("server", "x86_64")
    assert [layer.supervisor for layer in config.layers] == [True, False, False]
    server = config.layer("server")
    assert server.include == ("bin",)
    assert server.base == "public.ecr.aws/docker/library/python:3.13-slim"


@pytest.mark.parametrize(
    ("changes", "what", "fix"),
    [
        ({"layer": "serve"}, "there is no layer 'serve'", "did you mean 'server'?"),
        ({"layer": "web"}, "web is a layer of Lambda", "add image = true to layer"),
        ({"layer": "wide"}, "there is no layer 'wide'", "did you mean 'wide-python312-arm64'?"),
        ({"architecture": "x86_64"}, "runs on x86_64, and its layer", "take architecture out"),
    ],
)
def test_a_layer_that_cannot_be_the_image_is_refused(
    changes: dict[str, str], what: str, fix: str
) -> None:
    layers = [
        spec_of("server", dependencies=("chromadb",), image=True),
        spec_of("web", where="layer web"),
        spec_of("wide-python312-arm64", image=True),
    ]

    with pytest.raises(SpecError, match=what) as caught:
        joined(layers, [service(**changes)])

    assert fix in caught.value.fix
    assert "'chroma'" in caught.value.where


def test_what_no_service_can_have_is_said_of_the_layer() -> None:
    layer = spec_of("server", image=True, slim=("boto",), where="layers.toml [layers.server]")

    with pytest.raises(SpecError, match="slim leaves out boto3") as caught:
        joined([layer], [service()])

    assert "[layers.server]" in caught.value.where
