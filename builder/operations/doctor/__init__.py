"""The doctor: what could keep a release from working, each finding with its fix."""

from __future__ import annotations

from builder.operations.doctor.account import examine_account
from builder.operations.doctor.findings import OK, PROBLEM, UNKNOWN, WARNING, Finding
from builder.operations.doctor.machine import examine_machine

__all__ = ["OK", "PROBLEM", "UNKNOWN", "WARNING", "Finding", "examine_account", "examine_machine"]
