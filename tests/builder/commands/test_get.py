"""Where a fetched file goes; tests/builder/commands/test_show.py has what is in it."""

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from tests.builder.commands.conftest import Project, releases


def put(project: Project, key: str, content: bytes) -> None:
    project.aws.client("s3").put_object(Bucket=project.bucket, Key=key, Body=content)


def record_of(project: Project) -> dict[str, Any]:
    """Return the record, as it is in the bucket."""
    found = project.aws.client("s3").get_object(Bucket=project.bucket, Key="web/record.json")
    record: dict[str, Any] = json.loads(found["Body"].read())
    return record


def archive_of(project: Project) -> str:
    """Return the key of the archive of the current release."""
    return f"web/artifacts/{record_of(project)['current']['fingerprint']}/layer.zip"


def test_a_file_without_a_name_is_never_written_over(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    releases(project, 1)
    monkeypatch.chdir(tmp_path)

    assert project.run("get", "web").exit_code == 0
    before = Path("web-1.zip").read_bytes()
    again = project.run("get", "web", "zip")
    assert again.exit_code == 1
    assert "there is a web-1.zip already" in again.stderr
    assert Path("web-1.zip").read_bytes() == before


def test_only_what_there_is_can_be_asked_for(project: Project) -> None:
    assert project.run("get", "web", "everything").exit_code == 2


def test_everything_is_fetched_into_a_folder_that_verify_reads(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = project.root / "layers.toml"
    made = project.aws.client("kms").create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")
    signing = f'[app]\nsigning_key = "{made["KeyMetadata"]["Arn"]}"'
    config.write_text(config.read_text().replace("[app]", signing))
    releases(project, 1)
    monkeypatch.chdir(tmp_path)

    done = project.run("get", "web", "all")
    assert done.exit_code == 0, done.output
    folder = Path("web-1")
    names = {file.name for file in folder.iterdir()}
    assert names >= {"layer.zip", "manifest.json", "provenance.dsse.json"}
    assert json.loads(project.run("get", "web", "signature").stdout)["payloadType"]
    der = project.aws.client("kms").get_public_key(KeyId=made["KeyMetadata"]["Arn"])["PublicKey"]
    Path("key.der").write_bytes(der)
    shown = project.run(
        *("verify", "web", "--folder", str(folder), "--public-key", "key.der", "--json")
    )
    found = {each["subject"]: each["verdict"] for each in json.loads(shown.stdout)["findings"]}
    assert (found["manifest"], found["signature"]) == ("proven", "proven")

    again = project.run("get", "web", "all")
    assert again.exit_code == 1
    assert "there is a web-1 already" in again.stderr


def test_what_was_not_signed_says_how_it_will_be(project: Project, tmp_path: Path) -> None:
    releases(project, 1)

    done = project.run("get", "web", "signature")
    assert done.exit_code == 1
    assert "version 1 of layer 'web' is not signed" in done.stderr
    assert "lambda-layer build web --force" in done.stderr
    assert project.run("get", "web", "all", "-o", str(tmp_path / "all")).exit_code == 0
    assert not (tmp_path / "all" / "provenance.dsse.json").exists()


def test_nothing_is_written_when_a_document_is_another(project: Project, tmp_path: Path) -> None:
    releases(project, 1)
    put(project, archive_of(project), b"evil")

    done = project.run("get", "web", "all", "-o", str(tmp_path / "all"))
    assert done.exit_code == 1
    assert "layer.zip is not that of version 1" in done.stderr
    assert not (tmp_path / "all").exists()


@pytest.mark.slow
def test_a_zip_that_is_larger_than_any_document_is_fetched(
    project: Project, tmp_path: Path
) -> None:
    releases(project, 1)
    large = bytes((64 << 20) + 1)
    put(project, archive_of(project), large)
    record = record_of(project)
    digest = base64.b64encode(hashlib.sha256(large).digest()).decode()
    record["current"]["code_sha256"] = digest
    for release in record["releases"]:
        release["code_sha256"] = digest
    put(project, "web/record.json", json.dumps(record).encode())

    done = project.run("get", "web", "zip", "-o", str(tmp_path / "web.zip"))

    assert done.exit_code == 0, done.output
    assert (tmp_path / "web.zip").stat().st_size == len(large)
