import base64
import json
from pathlib import Path

import pytest

from builder.worker import program
from builder.worker.documents import manifest
from builder.worker.documents.manifest import Circumstances, Package
from builder.worker.pack.pack import Packed
from builder.worker.request import Request, Target
from builder.worker.slim.options import Saved

REQUEST = Request("a", "f" * 64, (Target("3.12", "arm64", "2.34", "aarch64-manylinux_2_34"),))


def test_the_manifest_says_what_the_artifact_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CODEBUILD_BUILD_ID", "layers:1c9e")
    packed = Packed(size=9, sha256=b"\1" * 32)

    lock = {"file": "lock-3.12.txt", "sha256": "e" * 64}
    around = Circumstances("before", "after", (lock,), (Saved("tests", 3, 40),), {"pack": 0.5})
    six = Package("six", "1.17", 20, "MIT", "d" * 64, ("sha256:1",))

    document = manifest.document(REQUEST, packed, 30, 2, [six], around)
    manifest.write(tmp_path / "manifest.json", document)

    assert json.loads((tmp_path / "manifest.json").read_text()) == {
        "schema": 1,
        "layer": "a",
        "fingerprint": "f" * 64,
        "targets": [{"python": "3.12", "architecture": "arm64"}],
        "code_sha256": base64.b64encode(b"\1" * 32).decode(),
        "unzipped_size": 30,
        "zipped_size": 9,
        "files": 2,
        "packages": [
            {
                "name": "six",
                "version": "1.17",
                "size": 20,
                "license": "MIT",
                "record_sha256": "d" * 64,
                "hashes": ["sha256:1"],
            }
        ],
        "locks": [lock],
        "build_requirements": [],
        "confined": False,
        "at_start": [],
        "saved": [{"what": "tests", "files": 3, "size": 40}],
        "seconds": {"pack": 0.5},
        "started_at": "before",
        "finished_at": "after",
        "worker": program.version(),
        "build_id": "layers:1c9e",
    }
    assert [path.name for path in tmp_path.iterdir()] == ["manifest.json"]
