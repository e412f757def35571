"""Two layers like those of the example, without the files that they are made of."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from builder.spec.app_spec import AppSpec
from builder.spec.layer_spec import LayerSpec
from stacks.app import synthesize

APP = AppSpec("shop")
LAYERS = (
    LayerSpec(
        "receipts",
        ("3.12", "3.13"),
        "arm64",
        package="examples/receipts",
        extras=("tables",),
        description="Receipts",
    ),
    LayerSpec("science", ("3.13",), "arm64", requirements=("science/requirements.txt",)),
)

Stack = Callable[..., dict[str, Any]]


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    """Synthesize the example's stack in a project of its own; return its JSON."""

    def with_settings(*, app: AppSpec = APP, **settings: Any) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(synthesized(tmp_path, app, **settings))
        return document

    return with_settings


@pytest.fixture(scope="session")
def unchanged(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The JSON of the example's stack without settings, synthesized once."""
    return synthesized(tmp_path_factory.mktemp("project"), APP)


@pytest.fixture
def document(unchanged: str) -> dict[str, Any]:
    """The JSON of the example's stack without settings."""
    parsed: dict[str, Any] = json.loads(unchanged)
    return parsed


def synthesized(project: Path, app: AppSpec, **settings: Any) -> str:
    """Synthesize the example's stack in a project; return its JSON."""
    options = {"proof": True, "project": project, "outdir": project / "cdktf.out", **settings}
    folder = synthesize(app, LAYERS, **options)
    return (folder / "cdk.tf.json").read_text()
