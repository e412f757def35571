"""One CodeBuild for each region that is asked: projects and builds of one are unknown in another.

Source of the credential scope: AWS IAM user guide, "Elements of an AWS API request signature".
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

from embedded.codebuild.api import CodeBuild

_SCOPE = re.compile(r"Credential=[^/,\s]+/\d{8}/([a-z]{2}(?:-[a-z]+)+-\d{1,2})/codebuild/")

Make = Callable[[str, Path], CodeBuild]


class Regions:
    """Makes the service of a region when it is first asked for.

    The home region's files are in the folder ``state`` itself, those of others below it.
    """

    def __init__(self, home: str, state: Path, make: Make) -> None:
        self.home = home
        self._others = state / "regions"
        self._make = make
        self._lock = threading.Lock()
        self._services = {home: make(home, state)}
        for folder in sorted(self._others.glob("*/")):
            # So that builds which ran when the agent ended are said to have failed.
            self.serving(folder.name)

    def asked(self, headers: Mapping[str, str]) -> CodeBuild:
        """Return the service of the region that a request was signed for.

        Requests with another signature, or none, go home: they are refused there.
        """
        signature = next(
            (text for name, text in headers.items() if name.lower() == "authorization"), ""
        )
        found = _SCOPE.search(signature)
        return self.serving(found[1] if found else self.home)

    def serving(self, region: str) -> CodeBuild:
        """Return the service of a region."""
        with self._lock:
            if region not in self._services:
                folder = self._others / region
                folder.mkdir(parents=True, exist_ok=True)
                self._services[region] = self._make(region, folder)
            return self._services[region]
