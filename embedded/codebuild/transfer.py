"""Bring a build's source from S3 and its artifacts to S3."""

from __future__ import annotations

import hashlib
import shutil
import stat
import zipfile
from dataclasses import dataclass
from pathlib import Path

from builder.errors import LayerError
from embedded.codebuild.buildspec import ArtifactFiles
from embedded.codebuild.environment import Workspace
from embedded.codebuild.globs import matching
from embedded.codebuild.role import ERRORS, Role
from embedded.codebuild.settings import ArtifactPlace, S3Location

ARTIFACT_FILES_MISSING = "no matching artifact paths found"


class TransferError(LayerError):
    """Source or artifacts could not be moved: CodeBuild's CLIENT_ERROR."""


@dataclass(frozen=True)
class Uploaded:
    """Where an artifact went."""

    location: str
    sha256: str


def fetch(role: Role, source: S3Location, version: str, folder: Path) -> None:
    """Fetch a source into a folder.

    A zip is unpacked, a key that ends in a slash is a folder of objects, and all else is put there
    as it is (API reference, "ProjectSource", location).
    """
    archive = folder.with_name(f"{folder.name}.source")
    request = {"VersionId": version} if version else {}
    try:
        if source.key.endswith("/"):
            fetch_folder(role, source, folder)
            return
        body = role.s3.get_object(Bucket=source.bucket, Key=source.key, **request)["Body"]  # type: ignore[arg-type] # a request of texts
        with archive.open("wb") as file:
            shutil.copyfileobj(body, file, 1 << 20)
    except ERRORS as error:
        raise TransferError(
            f"error while downloading key {source.key}, error: {error}",
            where=f"s3://{source}",
            expected="an object that the build's role may read",
        ) from error
    if zipfile.is_zipfile(archive):
        unzip(archive, folder)
        archive.unlink()
    else:
        archive.rename(folder / Path(source.key).name)


def fetch_folder(role: Role, source: S3Location, folder: Path) -> None:
    """Fetch all objects below a key; raise TransferError when there is none."""
    pages = role.s3.get_paginator("list_objects_v2").paginate(
        Bucket=source.bucket, Prefix=source.key
    )
    keys = [item["Key"] for page in pages for item in page.get("Contents", [])]
    for key in keys:
        path = folder / key.removeprefix(source.key)
        if folder.resolve() not in path.resolve().parents or key.endswith("/"):
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        role.s3.download_file(source.bucket, key, str(path))
    if not keys:
        raise TransferError(
            f"error while downloading key {source.key}, error: NoSuchKey",
            where=f"s3://{source}",
            expected="objects below that key",
        )


def unzip(archive: Path, folder: Path) -> None:
    """Unpack a zip with the permissions it holds; zipfile alone drops them."""
    with zipfile.ZipFile(archive) as files:
        for info in files.infolist():
            path = Path(files.extract(info, folder))
            mode = info.external_attr >> 16
            if stat.S_ISREG(mode) and mode & 0o777:
                path.chmod(mode & 0o777)


def upload(
    role: Role, place: ArtifactPlace, files: ArtifactFiles, workspace: Workspace, build_uuid: str
) -> Uploaded:
    """Upload an artifact; raise TransferError when there is nothing or it cannot be written."""
    root = workspace.resolve(files.base_directory or ".")
    paths = matching(root, files.files, files.exclude_paths)
    if not paths:
        raise TransferError(
            ARTIFACT_FILES_MISSING,
            where=f"base-directory {files.base_directory or '.'}",
            expected=", ".join(files.files),
        )
    name = files.name if place.name_from_buildspec and files.name else place.name
    prefix = place.prefix(build_uuid, name)
    names = {path: Path(path).name if files.discard_paths else path for path in paths}
    try:
        if place.zipped:
            digest = upload_zip(role, place, root, names, prefix, workspace)
        else:
            digest = ""
            for path, target in names.items():
                put(role, place, root / path, f"{prefix}/{target}" if prefix else target)
    except ERRORS as error:
        raise TransferError(
            f"Error in UPLOAD_ARTIFACTS phase: {error}",
            where=f"s3://{place.bucket}/{prefix}",
            expected="a place that the build's role may write to",
        ) from error
    return Uploaded(f"arn:aws:s3:::{place.bucket}/{prefix}", digest)


def upload_zip(
    role: Role,
    place: ArtifactPlace,
    root: Path,
    names: dict[str, str],
    key: str,
    workspace: Workspace,
) -> str:
    """Upload the files as one zip; return its SHA-256."""
    archive = workspace.root / "artifact.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        for path, target in names.items():
            file.write(root / path, target)
    put(role, place, archive, key)
    with archive.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def put(role: Role, place: ArtifactPlace, file: Path, key: str) -> None:
    """Upload one file."""
    extra: dict[str, str] = {}
    if place.encrypted and place.kms_key:
        extra = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": place.kms_key}
    role.s3.upload_file(str(file), place.bucket, key, ExtraArgs=extra)
