from __future__ import annotations

import io
import uuid
import zipfile

import pytest

from embedded.aws import EmbeddedAws
from sandbox.function import imports


def publish(aws: EmbeddedAws, **modules: str) -> str:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in modules.items():
            archive.writestr(zipfile.ZipInfo(f"python/{name}.py"), text)
    name = f"sandbox-{uuid.uuid4().hex[:8]}"
    published = aws.client("lambda").publish_layer_version(
        LayerName=name, Content={"ZipFile": buffer.getvalue()}
    )
    return published["LayerVersionArn"]


def test_a_function_imports_what_is_in_a_layer_and_then_in_the_next(aws: EmbeddedAws) -> None:
    name = f"sandbox-{uuid.uuid4().hex[:8]}"
    for module in ("first", "second"):
        arn = publish(aws, **{module: "ANSWER = 42\n", "_private": "1 / 0\n"})
        (found,) = imports(aws.environment(), name, arn)
        assert (found.module, found.error) == (module, "")
        assert found.file.endswith(f"/python/{module}.py")


def test_what_cannot_be_imported_is_said(aws: EmbeddedAws) -> None:
    arn = publish(aws, good="", bad="import not_there\n", worse="raise SystemExit('no')\n")
    found = {entry.module: entry.error for entry in imports(aws.environment(), "sandbox-bad", arn)}
    assert found == {
        "good": "",
        "bad": "ModuleNotFoundError: No module named 'not_there'",
        "worse": "SystemExit: no",
    }


@pytest.mark.parametrize("module", ["pythonjsonlogger", "six"])
def test_where_a_module_lies_is_said_as_lambda_has_it(aws: EmbeddedAws, module: str) -> None:
    name = f"sandbox-{uuid.uuid4().hex[:8]}"
    (found,) = imports(aws.environment(), name, publish(aws, **{module: ""}))
    assert found.file == f"/opt/python/{module}.py"
