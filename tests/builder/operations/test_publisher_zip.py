"""The publisher's code of the module for HCL: named by a plan, stored by an apply."""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile

import pytest

from builder.errors import PlanOutdated
from builder.inputs.publisher_code import KEY, SHA256, described
from builder.operations.publisher_zip import upload
from tests.builder.conftest import World


def test_what_is_stored_is_what_the_plan_named(world: World) -> None:
    planned = described()
    assert planned == described()

    upload(world.services.store, planned[KEY])

    stored = world.services.store.read(planned[KEY])
    assert stored is not None
    assert base64.b64encode(hashlib.sha256(stored.content).digest()).decode() == planned[SHA256]
    assert "builder/publisher/function.py" in zipfile.ZipFile(io.BytesIO(stored.content)).namelist()


def test_the_zip_of_another_version_is_refused_and_nothing_is_stored(world: World) -> None:
    planned = f".publisher/{'0' * 64}.zip"

    with pytest.raises(PlanOutdated, match="another version of lambda-layer made the plan"):
        upload(world.services.store, planned)

    assert world.services.store.read(planned) is None
