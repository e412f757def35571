"""Slimming with everything on, of real packages that are then used."""

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.patience import PATIENCE

if TYPE_CHECKING:
    from tests.worker.conftest import MakeBundle

PACKAGES = ["requests", "certifi", "numpy", "pandas", "botocore", "pydantic", "cryptography"]

SMOKE = """
import json, sys
sys.path.insert(0, sys.argv[1])
from importlib.metadata import distributions
import certifi, requests
import numpy as np, pandas as pd
import numpy.testing, pandas.testing
import botocore.session
from pydantic import BaseModel
from cryptography.fernet import Fernet
assert len(open(certifi.where()).read()) > 100_000
assert requests.Request("GET", "https://a.example/", params={"q": "1"}).prepare().url
assert float(np.linalg.solve(np.eye(2) * 2, np.ones(2))[0]) == 0.5
frame = pd.DataFrame({"k": ["a", "b", "a"], "v": [1, 2, 3]})
assert frame.groupby("k")["v"].sum().to_dict() == {"a": 4, "b": 2}
np.testing.assert_allclose([1.0], [1.0])
pd.testing.assert_frame_equal(frame, frame)
session = botocore.session.get_session()
client = session.create_client("s3", region_name="eu-west-1", aws_access_key_id="a",
                               aws_secret_access_key="b")
assert "PutObject" in client.meta.service_model.operation_names
assert "Bucket" in str(client.put_object.__doc__)  # made by botocore.docs, on demand
class Point(BaseModel):
    x: int
assert Point.model_validate_json('{"x": "3"}').x == 3
key = Fernet(Fernet.generate_key())
assert key.decrypt(key.encrypt(b"hello")) == b"hello"
found = distributions(path=[sys.argv[1]])
print(json.dumps({d.metadata["Name"].lower(): d.version for d in found}))
"""


@pytest.mark.slow
@pytest.mark.slow
def test_real_packages_work_after_slimming_with_everything_on(
    make_bundle: "MakeBundle", tmp_path: Path
) -> None:
    kinds = ["docs", "metadata", "stubs", "symbols", "tests"]  # not boto: botocore is wanted here

    result = make_bundle(dependencies=PACKAGES, slim=kinds).run()

    assert result.status == 0, result.errors
    root = result.unpack(tmp_path / "opt")
    command = [sys.executable, "-I", "-S", "-B", "-c", SMOKE, str(root)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert ended.returncode == 0, ended.stderr
    assert set(PACKAGES) <= set(json.loads(ended.stdout))
    saved = {part["what"]: part["size"] for part in result.manifest["saved"]}
    assert saved["tests"] > 10_000_000, saved
    assert "slimmed tests: " in result.output
    bill = json.loads((result.out / "sbom.cdx.json").read_text())
    assert set(PACKAGES) <= {component["name"] for component in bill["components"]}


@pytest.mark.slow
def test_boto_is_left_out_when_asked_and_what_needs_it_still_passes(
    make_bundle: "MakeBundle",
) -> None:
    result = make_bundle(dependencies=["boto3"], slim=["boto"]).run()

    assert result.status == 0, result.errors
    assert not [name for name in result.names if name.startswith("python/boto")]
    assert "python/jmespath/__init__.py" in result.names
