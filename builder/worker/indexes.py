"""Package indexes of the layer's own: uv learns where they are and how to log in.

uv takes indexes from UV_INDEX (asked in this order, before the default) and UV_DEFAULT_INDEX (in
PyPI's place), and the credentials of an index from UV_INDEX_<NAME>_USERNAME and _PASSWORD (uv's
documentation, "Package indexes"). Those of secrets are in the environment already: CodeBuild
resolves them. A token of CodeArtifact is fetched here.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from typing import Any, Mapping, MutableMapping, Sequence

from .errors import BuildError
from .log import Log, counted, hide

PASSWORD = re.compile(r"UV_INDEX_\w+_PASSWORD")

CODEARTIFACT_USER = "aws"
"""The user's name that goes with every token (AWS CodeArtifact user guide, "Configure pip")."""

SECONDS = 60


@dataclass(frozen=True)
class CodeArtifact:
    """A repository of AWS CodeArtifact; ``region`` is empty for the build's own."""

    domain: str
    owner: str
    repository: str
    region: str = ""

    def url(self, region: str) -> str:
        """Return its PEP 503 index (AWS CodeArtifact user guide, "Configure pip")."""
        suffix = ".cn" if region.startswith("cn-") else ""
        host = f"{self.domain}-{self.owner}.d.codeartifact.{region}.amazonaws.com{suffix}"
        return f"https://{host}/pypi/{self.repository}/simple/"


@dataclass(frozen=True)
class Index:
    """One index: at a URL, or in CodeArtifact; ``default`` replaces PyPI."""

    url: str
    codeartifact: CodeArtifact | None
    default: bool


def parse(item: Mapping[str, Any]) -> Index:
    """Make an index from its JSON; raise ValueError, TypeError or KeyError when it is wrong."""
    place = item.get("codeartifact")
    url, default = item.get("url", ""), item["default"]
    texts = (url, *(place or {}).values())
    if not all(isinstance(text, str) for text in texts) or not isinstance(default, bool):
        raise TypeError(f"{item!r:.200} is no index")
    index = Index(url, CodeArtifact(**place) if place else None, default)
    if bool(index.url) == bool(index.codeartifact) or re.search(r"\s|@", index.url):
        raise ValueError(f"{item} is no index")
    return index


def log_in(indexes: Sequence[Index], environment: MutableMapping[str, str], log: Log) -> None:
    """Add to the environment what lets uv use the indexes; hide what is secret in it from logs."""
    for name, value in environment.items():
        if PASSWORD.fullmatch(name):
            hide(value)
    if not indexes:
        return
    named: list[str] = []
    default = ""
    for place, index in enumerate(indexes, start=1):
        entry = f"layer-{place}={_address(index, place, environment, log)}"
        if index.default:
            default = entry
        else:
            named.append(entry)
    if named:
        environment["UV_INDEX"] = " ".join([*named, *environment.get("UV_INDEX", "").split()])
    if default:
        environment["UV_DEFAULT_INDEX"] = default
    rest = "in place of PyPI" if default else "before PyPI"
    log.step(f"using {counted(len(indexes), 'package index', 'package indexes')} {rest}")


def _address(index: Index, place: int, environment: MutableMapping[str, str], log: Log) -> str:
    """Return the URL of an index; log in to it if it is in CodeArtifact."""
    if index.codeartifact is None:
        return index.url
    region = index.codeartifact.region or environment.get("AWS_REGION", "")
    token = _token(index.codeartifact, region, environment, log)
    hide(token)
    environment[f"UV_INDEX_LAYER_{place}_USERNAME"] = CODEARTIFACT_USER
    environment[f"UV_INDEX_LAYER_{place}_PASSWORD"] = token
    return index.codeartifact.url(region)


def _token(place: CodeArtifact, region: str, environment: Mapping[str, str], log: Log) -> str:
    """Fetch a token with the build's role. The build images of the runtimes have the AWS CLI.

    Source: repository aws/aws-sam-build-images, the Dockerfiles of all Python runtimes.
    """
    log.step(f"fetching a token of the CodeArtifact domain {place.domain}")
    program = shutil.which("aws", path=environment.get("PATH"))
    if program is None:
        raise _refused(place, "there is no AWS CLI", "the program `aws` in the build image")
    command = [program, "codeartifact", "get-authorization-token", "--domain", place.domain]
    command += ["--domain-owner", place.owner, "--region", region]
    command += ["--query", "authorizationToken", "--output", "text"]
    try:
        ended = subprocess.run(
            command,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise _refused(place, f"no answer within {SECONDS} s", "a way to CodeArtifact") from error
    token = ended.stdout.strip()
    if ended.returncode != 0 or not token or token == "None":  # noqa: S105 - what the CLI prints
        said = ended.stderr.strip()[-800:] or f"aws ended with status {ended.returncode}"
        raise _refused(place, said, "a build role that may codeartifact:GetAuthorizationToken")
    return token


def _refused(place: CodeArtifact, why: str, expected: str) -> BuildError:
    return BuildError(
        f"cannot log in to the CodeArtifact domain {place.domain} of account {place.owner}",
        where=why,
        expected=expected,
        fix="the stack gives the build role what it needs: apply it; a domain of another account "
        "must allow this one in its policy",
    )
