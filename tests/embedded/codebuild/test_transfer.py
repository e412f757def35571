from __future__ import annotations

import hashlib
import io
import os
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from embedded.codebuild.transfer import unzip

if TYPE_CHECKING:
    from tests.embedded.conftest import Workshop


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


SECONDARY = (
    "version: 0.2\n"
    "phases: {build: {commands: ['cd \"$CODEBUILD_SRC_DIR_more_1\"', 'find . -type f | sort',"
    " 'cat sub/data']}}\n"
)


def test_a_secondary_source_is_unpacked_into_a_folder_of_its_own_at_its_version(
    workshop: Workshop,
) -> None:
    version = workshop.put("in/more.zip", workshop.zipped({"run.sh": "", "sub/data": "right\n"}))
    workshop.put("in/more.zip", b"a later version, which is not the one that was asked for")

    record = workshop.build(
        SECONDARY,
        secondarySourcesOverride=[
            {
                "type": "S3",
                "location": f"{workshop.name}/in/more.zip",
                "sourceIdentifier": "more_1",
            }
        ],
        secondarySourcesVersionOverride=[{"sourceIdentifier": "more_1", "sourceVersion": version}],
    )

    assert record["buildStatus"] == "SUCCEEDED"
    assert record["secondarySourceVersions"][0]["sourceVersion"] == version
    log = workshop.log(record)
    assert log[log.index("./run.sh") :][:2] == ["./run.sh", "./sub/data"]
    assert "right" in log


def test_a_source_whose_location_ends_in_a_slash_is_a_folder_whose_zips_stay_zips(
    workshop: Workshop,
) -> None:
    workshop.put("parts/a/layer.zip", workshop.zipped({"x": ""}))
    workshop.put("parts/a/sub/data", b"right\n")
    workshop.put("parts/another", b"of somebody else")

    record = workshop.build(
        SECONDARY,
        secondarySourcesOverride=[
            {"type": "S3", "location": f"{workshop.name}/parts/a/", "sourceIdentifier": "more_1"}
        ],
    )

    log = workshop.log(record)
    assert log[log.index("./layer.zip") :][:2] == ["./layer.zip", "./sub/data"]


def test_a_secondary_source_is_fetched_with_the_builds_role(workshop: Workshop) -> None:
    workshop.put("in/more.zip", workshop.zipped({"sub/data": ""}))
    own = f"arn:aws:s3:::{workshop.name}/out/*"
    blind = workshop.role(
        {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Action": "s3:*", "Resource": own},
                {"Effect": "Allow", "Action": "logs:*", "Resource": "*"},
            ],
        }
    )

    for location in ("in/more.zip", "in/", "nothing/"):
        record = workshop.build(
            SECONDARY,
            serviceRoleOverride=blind,
            secondarySourcesOverride=[
                {
                    "type": "S3",
                    "location": f"{workshop.name}/{location}",
                    "sourceIdentifier": "more_1",
                }
            ],
        )
        assert record["buildStatus"] == "FAILED"
        (context,) = workshop.phase(record, "DOWNLOAD_SOURCE")["contexts"]
        assert "error while downloading key" in context["message"]
