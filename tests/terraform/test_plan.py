"""Plans that find nothing to do, here and elsewhere; and the first plan of all."""

import os
import shutil
from pathlib import Path

import pytest

from tests.terraform.conftest import INSTALLED, Make, Stack, copy_of
from tests.terraform.packages import layer

FORMS = ("stack", "module")


def test_the_first_plan_in_an_empty_account_writes_nothing(make: Make) -> None:
    stack = make(layer(), layer("tools"))
    planned = stack.plan()
    assert planned.exit_code == 2
    assert planned.writes == []
    assert planned.deferred == ["data.external.tools_release", "data.external.web_release"]
    for name in ("web", "tools"):
        answer = planned.answer(name)
        assert (answer["status"], answer["reason"]) == ("missing", "first build")
        assert planned.changes[f"aws_s3_object.{name}_approval"] == ["create"]
        unknown = planned.unknown(name)
        assert unknown["layer_arn"]
        assert unknown["version"]
        assert planned.output(name)["reason"] == "first build"


def test_a_plan_after_an_apply_finds_no_changes_again_and_again(shared: Stack) -> None:
    outputs = shared.terraform.outputs()
    for _ in range(3):
        planned = shared.plan()
        assert planned.exit_code == 0
        assert "No changes." in planned.stdout
        assert planned.writes == []
    assert shared.terraform.outputs() == outputs
    assert outputs["web"]["layer_arn"].endswith(f":layer:{shared.name}-web:1")
    assert outputs["web"]["status"] == "current"


def test_applying_again_changes_nothing(shared: Stack) -> None:
    outputs = shared.terraform.outputs()
    applied = shared.apply()
    assert "0 added, 0 changed, 0 destroyed" in applied.stdout
    assert applied.writes == []
    assert shared.terraform.outputs() == outputs


def test_another_checkout_has_the_same_fingerprint(shared: Stack, tmp_path: Path) -> None:
    other = copy_of(shared, tmp_path / "else where")
    for path in (other.project / "web").rglob("*"):
        os.utime(path, (1_000_000_000, 1_000_000_000))
        path.chmod(0o700 if path.is_dir() else 0o600)
    planned = other.plan()
    assert planned.exit_code == 0, planned.said
    assert planned.answer()["fingerprint"] == shared.output()["fingerprint"]
    assert planned.writes == []


def test_another_checkout_with_an_open_umask_has_the_same_fingerprint(
    shared: Stack, tmp_path: Path
) -> None:
    other = copy_of(shared, tmp_path / "w")
    for path in (other.project / "web").rglob("*"):
        path.chmod(0o777 if path.is_dir() else 0o666)
    assert other.plan().exit_code == 0


@pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("setpriv") is None,
    reason="only root can be somebody else, by setpriv",
)
def test_another_user_has_the_same_fingerprint(shared: Stack, tmp_path: Path) -> None:
    other = copy_of(shared, tmp_path / "w")
    # The right to read is lent, because the builder may be in a folder that is root's own.
    rights = "--inh-caps=+dac_read_search --ambient-caps=+dac_read_search"
    nobody = f"setpriv --reuid=65534 --regid=65534 --clear-groups {rights} env HOME=/nonexistent"
    script, seen = tmp_path / "as-nobody", tmp_path / "seen"
    script.write_text(f'#!/bin/sh\n{nobody} id -u > "{seen}"\nexec {nobody} "{INSTALLED}" "$@"\n')
    script.chmod(0o755)
    other.use_program(str(script))
    planned = other.plan()
    assert seen.read_text().strip() == "65534"
    assert planned.exit_code == 0, planned.said
    assert planned.answer()["fingerprint"] == shared.output()["fingerprint"]


def test_a_plan_needs_neither_record_nor_sources_to_be_writable(shared: Stack) -> None:
    folders = [path for path in (shared.project / "web").rglob("*") if path.is_dir()]
    for folder in folders:
        folder.chmod(0o555)
    try:
        assert shared.plan().exit_code == 0
    finally:
        for folder in folders:
            folder.chmod(0o755)
