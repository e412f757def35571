from __future__ import annotations

from pathlib import Path

import pytest

from builder.sizes.predict import predict
from builder.sizes.substitute import tried
from tests.builder.conftest import spec_of
from tests.builder.sizes.conftest import Serve
from tests.worker.conftest import MakeWheel


@pytest.mark.slow
def test_the_layer_is_predicted_once_more_with_the_lighter_distribution(
    make_wheel: MakeWheel, shelf: Path, serve: Serve, tmp_path: Path
) -> None:
    make_wheel(shelf, "mlflow", files={"mlflow/__init__.py": "x = 1\n" * 5000})
    make_wheel(shelf, "mlflow_skinny", files={"mlflow/__init__.py": "x = 1\n" * 1000})
    make_wheel(shelf, "xgboost", files={"xgboost/__init__.py": ""})
    serve(ranges=True)
    spec = spec_of(dependencies=("mlflow==1.0", "xgboost"))
    before = predict(spec, tmp_path)
    said: list[str] = []
    saved = tried(before, spec, tmp_path, said.append)
    assert 23_000 < saved["mlflow"] < 25_000
    assert "xgboost" not in saved  # the index has no xgboost-cpu
    assert "trying mlflow-skinny in the place of mlflow" in said
