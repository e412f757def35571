"""A layer for two runtimes through a real apply: one target fails, is corrected, and merged."""

from __future__ import annotations

import io
import zipfile

from tests.terraform.builds import quick_builds
from tests.terraform.conftest import Make
from tests.terraform.packages import layer


def test_a_layer_for_two_runtimes_of_which_one_fails_and_is_repaired(make: Make) -> None:
    stack = make(layer(python=("3.12", "3.13")))
    builds = quick_builds(stack)

    with builds.failing("web-python3.13"):
        failed = stack.apply(check=False)
    assert (failed.exit_code, failed.builds) == (1, 2)
    assert "the build of layer 'web' for python3.13 failed: BUILD:" in failed.said, failed.said
    assert "no such package: unobtainium" in failed.said
    assert "for python3.12 failed" not in failed.said
    assert stack.versions() == []
    for _ in range(2):
        planned = stack.plan()
        assert (planned.exit_code, planned.writes) == (2, [])
        assert planned.changes == {"aws_s3_object.web_approval": ["update"]}
        assert "for python3.13 failed" in planned.answer()["reason"]

    corrected = stack.apply()
    assert corrected.builds == 2  # python3.13 and the merge: the part for python3.12 is there
    assert stack.versions() == [1]
    output = stack.output()
    assert output["layer_arn"].endswith(":1")
    key = f"web/artifacts/{output['fingerprint']}/layer.zip"
    content = stack.aws.client("s3").get_object(Bucket=stack.bucket, Key=key)["Body"].read()
    assert zipfile.ZipFile(io.BytesIO(content)).namelist() == [
        "python/lib/python3.12/site-packages/made.py",
        "python/lib/python3.13/site-packages/made.py",
    ]
    assert stack.plan().exit_code == 0
