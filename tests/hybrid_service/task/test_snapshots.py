from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError

from hybrid_service.aws import Store
from hybrid_service.errors import SnapshotError
from hybrid_service.state import SNAPSHOTS
from hybrid_service.task.lease import Lease
from hybrid_service.task.snapshots import Snapshots
from tests.hybrid_service.conftest import Bench, ask


class Failing:
    """S3, but for one call that fails."""

    def __init__(self, s3: Any, call: str, error: Exception) -> None:
        self._s3 = s3
        self._call = call
        self._error = error

    def __getattr__(self, name: str) -> Any:
        return self._fail if name == self._call else getattr(self._s3, name)

    def _fail(self, *_: object, **__: object) -> None:
        raise self._error


def snapshots_of(bench: Bench, s3: Any, folder: Path) -> Snapshots:
    """Return the snapshots of a task of the next generation, which sees this S3."""
    generation = bench.claim()
    lease = Lease(bench.store, generation, 60)
    lease.take("")
    work = folder / f"work-{generation}"
    work.mkdir()
    return Snapshots(
        Store(bench.store.bucket, bench.store.prefix, s3), lease, folder / f"new-{generation}", work
    )


def error(code: str, operation: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "see code"}}, operation)


@pytest.mark.parametrize(
    "trouble",
    [
        error("SlowDown", "GetObject"),
        error("AccessDenied", "GetObject"),
        error("KMS.DisabledException", "GetObject"),
        ConnectionClosedError(endpoint_url="s3"),
    ],
    ids=str,
)
def test_trouble_with_s3_is_no_reason_to_go_back_to_an_older_snapshot(
    trouble: Exception, bench: Bench, tmp_path: Path
) -> None:
    for number in range(2):
        task = bench.start(interval=3600)
        ask(task.serving(), f"/{number}", post=True)
        assert task.end() == 0
    newest, *_ = bench.state().snapshots
    snapshots = snapshots_of(bench, Failing(bench.s3, "download_file", trouble), tmp_path)

    with pytest.raises(SnapshotError, match="cannot be read now") as caught:
        snapshots.restore()

    assert newest.key in caught.value.where
    assert list(snapshots.data.iterdir()) == []
    snapshots.lease.release(str(caught.value), failed=True)
    assert ask(bench.start().serving()) == [0, 1]


def test_a_task_that_may_save_nothing_does_not_serve(bench: Bench, tmp_path: Path) -> None:
    denied = error("AccessDenied", "PutObject")
    snapshots = snapshots_of(bench, Failing(bench.s3, "upload_file", denied), tmp_path)

    with pytest.raises(SnapshotError, match="cannot save snapshots") as caught:
        snapshots.prove()
    assert "AccessDenied" in caught.value.where


def test_what_proves_that_a_task_may_save_does_not_stay(bench: Bench, tmp_path: Path) -> None:
    snapshots_of(bench, bench.s3, tmp_path).prove()

    assert bench.store.keys(SNAPSHOTS) == []
    (marker,) = bench.s3.list_object_versions(Bucket=bench.store.bucket, Prefix="ledger/snap")[
        "DeleteMarkers"
    ]
    assert marker["Key"] == "ledger/snapshots/00000001-000000.probe"
