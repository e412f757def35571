import hashlib
import io
import json
import zipfile
from pathlib import Path

import pytest

from builder.inputs import supervisor
from builder.inputs.bundle import bundle, request
from builder.inputs.fingerprint import inputs_of, reason
from tests.builder.conftest import spec_of

SPEC = spec_of(dependencies=("rich",), image=True, supervisor=True)


def test_the_wheel_has_the_package_and_says_what_it_needs() -> None:
    with zipfile.ZipFile(io.BytesIO(supervisor.wheel())) as wheel:
        names = wheel.namelist()
        (metadata,) = (name for name in names if name.endswith(".dist-info/METADATA"))
        (record,) = (name for name in names if name.endswith(".dist-info/RECORD"))
        assert "hybrid_service/task/__main__.py" in names
        assert "Requires-Dist: boto3" in wheel.read(metadata).decode()
        rows = [row.split(",") for row in wheel.read(record).decode().splitlines()]
        assert {row[0] for row in rows} == set(names)
        for name, digest, size in rows:
            content = wheel.read(name)
            if name != record:
                assert int(size) == len(content)
                kind, _, _ = digest.partition("=")
                assert hashlib.new(kind, content).digest_size == 32


def test_the_bundle_of_a_services_image_has_it_and_that_of_another_layer_has_not(
    tmp_path: Path,
) -> None:
    def names(spec: object) -> list[str]:
        content = bundle(spec, tmp_path, (), "9f" * 32)  # type: ignore[arg-type]
        return zipfile.ZipFile(io.BytesIO(content)).namelist()

    assert f"project/{supervisor.PATH}" in names(SPEC)
    assert f"project/{supervisor.PATH}" not in names(spec_of(dependencies=("rich",), image=True))
    assert request(SPEC, "9f" * 32)["supervisor"] is True


def test_another_supervisor_is_a_reason_to_build(monkeypatch: pytest.MonkeyPatch) -> None:
    before = inputs_of(SPEC, ())
    monkeypatch.setattr(supervisor, "digest", lambda: "another")
    after = inputs_of(SPEC, ())

    assert before.settings["supervisor"] != json.dumps(True)
    assert reason(before, after) == "the supervisor of services changed"
