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

CLOSE = {
    "size": "243,600,000 bytes unzipped, 77,600,000 zipped: close (Lambda takes 262,144,000)",
    "predicted_size": "243600000",
    "size_verdict": "close",
    "size_fits": "true",
    "size_refusal": "",
}
REFUSED = {
    "size": "300,000,000 bytes unzipped, 1,000 zipped: too large",
    "predicted_size": "300000000",
    "size_verdict": "too large",
    "size_fits": "false",
    "size_refusal": "300,000,000 bytes unzipped are predicted\n  - leave out <img src=x> `c`",
}
UNSEEN = {
    "size": "not predicted: no index answers",
    "predicted_size": "",
    "size_verdict": "not predicted",
    "size_fits": "true",
    "size_refusal": "",
}
"""What the plan hook says of sizes."""
