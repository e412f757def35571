"""The stand-ins compared with real binaries: ``make conformance``; not in the wheel."""
