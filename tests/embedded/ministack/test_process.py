from pathlib import Path

from embedded.aws import EmbeddedAws
from embedded.ministack.process import Identity, settings


def test_everything_it_writes_is_in_its_own_folder(aws: EmbeddedAws) -> None:
    found = settings(aws.state, Identity())
    for name in ("HOME", "TMPDIR", "S3_DATA_DIR", "STATE_DIR"):
        assert Path(found[name]).is_relative_to(aws.state)
    assert list((aws.state / "tmp").glob("ministack-*.pid")) == []
