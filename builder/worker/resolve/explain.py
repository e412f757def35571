"""What uv's failures mean to the person whose layer it is."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .. import standard_library
from ..errors import BuildError
from ..log import CREDENTIALS
from ..process import Outcome
from ..request import Target

MESSAGE_LINES = 14
"""More of uv's output than this is cut in the middle."""

LINE = 2000
"""Characters; more of a line is cut in the middle: a package may write one of gigabytes."""

BACKEND_FAILED = "The build backend returned an error"
BACKEND_LINES = 10
"""More of a build backend's last words than this is left out."""

WARNS = re.compile(r":\d+: \w*Warning: ")
"""What Python writes of a warning, such as setuptools' own: no word of the package."""

ADVICE = re.compile(
    r"\b(deprecated|rather than|instead of|renamed to|replaced by)\b", re.IGNORECASE
)
"""Words of a package that fails to build in order to name the one to take in its place."""

MARKED = re.compile(r"(?m)^ *(?P<line>\S.{0,199})\n +\^+ *$")
"""A requirement that uv shows with a mark below what it cannot read."""

PROGRESS = re.compile(r"(Building wheel|Resolved|Prepared|Using|Downloading|Downloaded|Built)\b")


@dataclass(frozen=True)
class Meaning:
    """A failure that is recognized by what uv says, and what it means.

    Groups of ``pattern`` and the word ``{target}`` can be used in the texts. ``settled`` is that of
    the error: False where another machine may have what is missing.
    """

    pattern: str
    what: str
    expected: str
    fix: str
    settled: bool = True


MEANINGS = (
    Meaning(
        r"No space left on device|Disk quota exceeded",
        "the disk is full",
        "room for the packages, and for what is built of them",
        "make room; on your machine LAMBDA_LAYER_CACHE names another folder",
        settled=False,
    ),
    Meaning(
        r"An index URL \((?P<url>[^)\s]+)\) could not be queried due to a lack of valid auth\S+ "
        r"credentials \((?P<status>[^)]+)\)",
        "a package index refused the login: {status}",
        "{url} to accept the user and the password that the build has",
        "look at username and secret of the index in layers.toml, and at the secret's value; an "
        "index that wants a login is described under [indexes.NAME] and named by the layer's "
        "indexes",
    ),
    Meaning(
        r"Failed to \w+ `(?P<name>[^`@ ]+) @ (?P<url>[^`]+)`(?:(?!Failed to \w+ `).)*?"
        r"(?:Failed to fetch|Request failed"
        r"|error sending request|timed out|dns error)",
        "{name} cannot be fetched from where the requirement says",
        "{url} to answer",
        "look at the URL of {name}, and whether the build has a way to it (in a VPC, a proxy or a "
        "NAT gateway)",
        settled=False,
    ),
    Meaning(
        r"hint: `(?P<name>[^`]+)` was filtered by `exclude-newer`",
        "what there is of {name} is younger than exclude_newer allows",
        "a version that is old enough, from an index that says when its files were uploaded",
        "allow an older version of {name}, wait, or change exclude_newer in layers.toml",
    ),
    Meaning(
        r"Because (?P<name>\S+) was not found in the package registry",
        "there is no package {name}",
        "a distribution that the package index has",
        "correct the name; if it is in a private index, describe that under [indexes.NAME] in "
        "layers.toml, and name it in the layer's indexes",
    ),
    Meaning(
        r"does not satisfy Python(?P<needs>[<>=!~.,\d]+)(?:(?!does not satisfy).)*?"
        r"(?<![\w.-])(?P<name>[\w.-]+)==(?P<version>\S+) "
        r"depends on Python",
        "{name} {version} does not run on {target}",
        "packages whose requires-python ({needs}) includes the target",
        "build the layer for another Python version, allow another version of {name}, or, if the "
        "package is yours, change requires-python",
    ),
    Meaning(
        r"there is no version of (?P<name>\S+?)(?P<spec>[<>=!~]\S+)",
        "there is no {name} {spec} for {target}",
        "a version that the package index has and that supports the target",
        "change the version that is asked for",
    ),
    Meaning(
        r"The built wheel `(?P<name>[^-`]+)-(?P<version>[^-`]+)-[^`]*` is not compatible",
        "{name} {version} cannot be had for {target}",
        "a wheel for {target}; there is none, and what is compiled here fits this machine only",
        "choose a version of {name} that has wheels for the target, or build on an image of the "
        "target's runtime and architecture",
        settled=False,
    ),
    Meaning(
        r"[Gg]it (?:operation failed|executable not found)",
        "a requirement's git repository cannot be fetched",
        "git in the build image, and a repository that can be reached from it",
        "use a released version, or give the build access to the repository",
        settled=False,
    ),
    Meaning(
        r"Failed to (?:download and )?build `(?P<name>[^`=@ ]+)(?:==(?P<version>[^`]+))?",
        "{name} {version} cannot be built for {target}",
        "a wheel for {target}, or a source that can be built on the build image",
        "choose a version of {name} that has wheels for the target; if headers or programs are "
        "missing, name the system packages that have them (system_packages)",
        settled=False,
    ),
    Meaning(
        r"error: The build backend returned an error",
        "a folder in the requirements cannot be built for {target}",
        "a pyproject.toml or a setup.py there that makes a wheel of the folder's files",
        "correct what its build says, and try `uv build --wheel FOLDER` on a copy of it: the "
        "bundle has neither .git nor the files that .gitignore leaves out",
        settled=False,
    ),
    Meaning(
        r"Hash mismatch for `(?P<name>[^`]+)`",
        "{name} is not what its hash says",
        "the file that the hash in the requirements was made of",
        "look at where the file comes from; if the new file is right, change the hash",
    ),
    Meaning(
        r"error: Building source distributions is disabled",
        "a folder in the requirements does not say its name, and is not built to find it out",
        "`NAME @ ./folder`, or a pyproject.toml in the folder that has the name",
        "write the line with the name, such as `greet @ ./libs/greet`",
    ),
    Meaning(
        r"(?:Couldn't parse|Error parsing|Unsupported requirement|File not found|No such file"
        r"|Distribution not found)",
        "the requirements cannot be read{line}",
        "requirements as in PEP 508, and files inside the project",
        "correct the line that uv names; folders are looked for from the project's root",
    ),
    Meaning(
        r"(?:Request failed after|error sending request|timed out|dns error)",
        "the package index cannot be reached",
        "a package index that answers",
        "run the build again; in a VPC, give the build a way to the index, or describe a mirror "
        "under [indexes.NAME] in layers.toml, with default = true",
        settled=False,
    ),
    Meaning(
        r"(?<![^\s`(])(?P<name>[\w.-]+)(?:[<>=!]\S*)? has no wheels with a matching",
        "{name} cannot be had for {target}",
        "a version with a wheel for {target}, or with a source",
        "take another package in its place, or leave it out with a marker such as "
        "`; sys_platform == 'win32'`",
    ),
    Meaning(
        r"your requirements are unsatisfiable",
        "no set of versions satisfies the requirements on {target}",
        "requirements that can be true together",
        "loosen one of the versions that uv names",
    ),
)


def explain(outcome: Outcome, target: Target, doing: str, hint: str = "") -> BuildError:
    """Return the error that says what uv's failure means and what to do."""
    said = message(outcome.output)
    flat = re.sub(r"\s+", " ", said)
    for meaning in MEANINGS:
        found = re.search(meaning.pattern, flat)
        if found:
            words = {k: v or "" for k, v in found.groupdict().items()}
            words.update(name=words.get("name", "").replace("_", "-"), target=str(target))
            if standard_library.has(words["name"], target.python):
                return part_of_python(words["name"], target, f"{doing} for {target}\n{said}")
            words["url"] = CREDENTIALS.sub("", words.get("url", ""))
            marked = MARKED.search(said)
            words["line"] = f": {CREDENTIALS.sub('', marked['line'])}" if marked else ""
            return BuildError(
                re.sub(r" +", " ", meaning.what.format(**words)),
                where=f"{doing} for {target}\n{said}",
                expected=meaning.expected.format(**words),
                fix=hint or _advice(outcome.output) + meaning.fix.format(**words),
                settled=meaning.settled,
            )
    ended = f"\nuv was ended by signal {-outcome.status}" if outcome.status < 0 else ""
    return BuildError(
        f"{doing} failed",
        where=f"{target}\n{said}{ended}",
        expected="uv to end with status 0",
        fix="read what uv says; LAYER_DEBUG=true (debug_mode) shows every command",
    )


def part_of_python(name: str, target: Target, where: str) -> BuildError:
    """Return the error that a requirement is named like a module that Python has."""
    return BuildError(
        f"{name} is part of Python",
        where=where,
        expected=f"requirements beyond the standard library of python{target.python}",
        fix=f"remove {name} from the requirements; `import {name}` works without it",
        settled=True,
    )


def _advice(output: str) -> str:
    """Return what a package that does not build says about the one to take in its place."""
    if BACKEND_FAILED not in output:
        return ""
    said = output[output.index(BACKEND_FAILED) :].splitlines()
    lines = [line.strip(" -") for line in said if ADVICE.search(line) and not WARNS.search(line)]
    return f"its own build says: {' '.join(lines[:2])}\n" if lines else ""


def message(output: str) -> str:
    """Return uv's error without the progress before it, shortened in the middle."""
    lines = output.rstrip().splitlines()
    starts = [i for i, line in enumerate(lines) if line.startswith("error:")]
    # What a build backend said stands before uv's error, and is the cause of it.
    words = lines[: starts[0]][-BACKEND_LINES:] if starts and BACKEND_FAILED in output else []
    lines = lines[starts[0] :] if starts else lines[-MESSAGE_LINES:]
    # uv's hints name options of its command line, which the user never typed.
    lines = [line for line in lines if line.strip() and "`--" not in line.partition("hint: ")[2]]
    if len(lines) > MESSAGE_LINES:
        half = MESSAGE_LINES // 2
        lines = [*lines[:half], "...", *lines[-half:]]
    words = [line for line in words if line.strip() and not PROGRESS.match(line)]
    return "\n".join(_shortened(line.rstrip()) for line in [*words, *lines])


def _shortened(line: str) -> str:
    return line if len(line) <= LINE else f"{line[: LINE // 2]} ... {line[-LINE // 2 :]}"
