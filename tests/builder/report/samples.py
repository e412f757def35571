"""A layer and a release, for tests of reports."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from builder.layer.layer import Layer
from builder.layer.site import Site
from tests.builder.conftest import spec_of
from tests.builder.remembered import release_of

SITE = Site("billing-web", "b", "p", "r", "g", "123456789012", "eu-west-1")
# Nothing of AWS is asked for a report.
LAYER = Layer(spec_of(), Path(), SITE, cast("Any", None))
RELEASE = replace(release_of(1), unzipped_size=31_457_280, reason="pydantic[email] [bold]added[/]")
