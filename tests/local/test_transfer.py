from __future__ import annotations

import hashlib
import io
import os
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from builder.local.transfer import unzip

if TYPE_CHECKING:
    from tests.local.conftest import Workshop


def test_unpacked_files_keep_their_permissions(workshop: Workshop, tmp_path: Path) -> None:
    archive = tmp_path / "source.zip"
    archive.write_bytes(workshop.zipped({"run.sh": "", "sub/data": ""}))
    unzip(archive, tmp_path / "out")
    assert os.access(tmp_path / "out/run.sh", os.X_OK)
    assert not os.access(tmp_path / "out/sub/data", os.X_OK)


def test_an_artifact_can_be_a_zip_under_the_builds_id(workshop: Workshop) -> None:
    place = {
        "type": "S3",
        "location": workshop.name,
        "path": "builds",
        "name": "out.zip",
        "namespaceType": "BUILD_ID",
        "packaging": "ZIP",
    }
    record = workshop.build(
        "version: 0.2\n"
        "phases: {build: {commands: ['mkdir -p a/b; echo 1 >a/b/x; echo 2 >a/skipped']}}\n"
        "artifacts: {files: ['a/**/*'], exclude-paths: ['**/skipped'], discard-paths: yes}\n",
        artifactsOverride=place,
    )
    key = f"builds/{record['id'].partition(':')[2]}/out.zip"
    content = workshop.read(key)

    assert record["artifacts"]["location"] == f"arn:aws:s3:::{workshop.name}/{key}"
    assert record["artifacts"]["sha256sum"] == hashlib.sha256(content).hexdigest()
    assert zipfile.ZipFile(io.BytesIO(content)).namelist() == ["x"]


def test_secondary_artifacts_have_places_of_their_own(workshop: Workshop) -> None:
    common = {"type": "S3", "location": workshop.name, "packaging": "NONE"}
    workshop.build(
        "version: 0.2\n"
        "phases: {build: {commands: [touch layer log]}}\n"
        "artifacts: {files: [layer], secondary-artifacts: {logs: {files: [log]}}}\n",
        artifactsOverride={**common, "name": "main"},
        secondaryArtifactsOverride=[{**common, "name": "other", "artifactIdentifier": "logs"}],
    )
    assert workshop.keys() == ["main/layer", "other/log"]


def test_a_source_that_is_no_zip_is_put_there_as_it_is(workshop: Workshop) -> None:
    workshop.put("in/buildspec.yml", b"version: 0.2\nphases: {build: {commands: [echo mine]}}\n")
    record = workshop.build(
        "buildspec.yml",
        sourceTypeOverride="S3",
        sourceLocationOverride=f"{workshop.name}/in/buildspec.yml",
    )
    assert record["buildStatus"] == "SUCCEEDED"
    assert "mine" in workshop.log(record)
