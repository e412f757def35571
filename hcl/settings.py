"""The settings of the module that are arguments of the constructs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

COMMAND = ("lambda-layer",)
"""How the template runs the builder; the module has the variable ``command`` in its place."""

ASSUME_ROLE, WEB_IDENTITY = "assume_role", "assume_role_with_web_identity"
"""Variables that say what the blocks of those names in the aws provider do."""


@dataclass(frozen=True)
class Setting:
    """A variable that is passed on to an argument of its name.

    ``of`` says whose: the ``infrastructure``'s, each ``layer``'s, or the ``module``'s own. ``rule``
    is what must hold of it, and ``expected`` says so.
    """

    name: str
    of: str
    type: str
    default: Any
    text: str
    rule: str = ""
    expected: str = ""


SETTINGS = (
    Setting("force_rebuild", "layer", "bool", False, "Build every layer again, once"),
    Setting("debug_mode", "layer", "bool", False, "Show every command of builds in their logs"),
    Setting(
        "sync_mode",
        "layer",
        "bool",
        True,
        "Whether apply waits for builds; without it a function finishes releases (docs/async.md)",
    ),
    Setting(
        "async",
        "module",
        "bool",
        False,
        "Have the function that finishes releases though sync_mode is true",
    ),
    Setting("tracing", "module", "bool", False, "Whether X-Ray traces that function"),
    Setting(
        "retain_versions",
        "layer",
        "bool",
        False,
        "Keep the published versions when a layer is removed or destroyed. It must be applied "
        "before",
    ),
    Setting(
        "log_retention_days",
        "infrastructure",
        "number",
        30,
        "How long logs of builds are kept, in days; 0 is for ever",
    ),
    Setting(
        "build_timeout_minutes",
        "infrastructure",
        "number",
        60,
        "When a build is given up, in minutes",
        "var.build_timeout_minutes >= 5 && var.build_timeout_minutes <= 2160",
        "between 5 and 2160 (AWS CodeBuild API reference, CreateProject)",
    ),
    Setting(
        "compute_type",
        "infrastructure",
        "string",
        "BUILD_GENERAL1_SMALL",
        "CodeBuild's compute type of builds",
    ),
    Setting(
        "bundle_days",
        "infrastructure",
        "number",
        30,
        "How long the inputs of builds are kept, in days",
        "var.bundle_days >= 1",
        "1 or more",
    ),
    Setting(
        "noncurrent_days",
        "infrastructure",
        "number",
        30,
        "How long overwritten and deleted objects of the bucket are kept, in days",
        "var.noncurrent_days >= 1",
        "1 or more",
    ),
    Setting(
        "force_destroy",
        "infrastructure",
        "bool",
        True,
        "Destroy the bucket even if something is in it; all of it can be built again",
    ),
)
