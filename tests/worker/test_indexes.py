"""Private indexes, served on loopback and asked by the real uv."""

import os
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from builder.worker import cage, indexes
from builder.worker.errors import BuildError
from builder.worker.log import Log, without_credentials
from tests.package_index import PackageIndex
from tests.patience import PATIENCE
from tests.worker.hostile import SPY, evil_sdist

if TYPE_CHECKING:
    from tests.worker.conftest import MakeBundle, MakeWheel

PASSWORD = "correct-horse-battery-staple"
LOGIN = {"UV_INDEX_LAYER_1_USERNAME": "ci", "UV_INDEX_LAYER_1_PASSWORD": PASSWORD}
PLACE = {"domain": "shop", "owner": "123456789012", "repository": "python"}


@pytest.fixture
def private(tmp_path: Path, make_wheel: "MakeWheel") -> Iterator[PackageIndex]:
    """An index with two packages, one of which needs the other, that wants a password."""
    folder = tmp_path / "private"
    make_wheel(folder, "fll_private", requires=("fll_private_base",))
    make_wheel(folder, "fll_private_base")
    with PackageIndex(folder, "ci", PASSWORD).serving() as index:
        yield index


def every_byte(folder: Path) -> Iterator[tuple[Path, bytes]]:
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            yield path, path.read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("debug", ["false", "true"])
def test_a_private_package_is_installed_and_nothing_has_its_password(
    make_bundle: "MakeBundle", private: PackageIndex, debug: str
) -> None:
    bundle = make_bundle(
        dependencies=["fll-private"], indexes=[{"url": private.url, "default": True}]
    )

    result = bundle.run(env={**LOGIN, "LAYER_DEBUG": debug})

    assert result.status == 0, result.errors
    assert {"python/fll_private/__init__.py", "python/fll_private_base/__init__.py"} <= result.names
    assert [path for path in private.asked if path.startswith("/files/fll_private-1.0")]
    assert PASSWORD not in result.output + result.errors
    assert [path for path, content in every_byte(bundle.path) if PASSWORD.encode() in content] == []


@pytest.mark.slow
@pytest.mark.skipif(not cage.landlock_abi(), reason="docs/security.md says what it needs")
def test_code_that_is_built_gets_its_requirements_and_no_password(
    make_bundle: "MakeBundle", private: PackageIndex, tmp_path: Path
) -> None:
    evil_sdist(private.folder, SPY, requires=["fll-private"])
    bundle = make_bundle(dependencies=["evil"], indexes=[{"url": private.url, "default": True}])

    # Where the role's credentials are to be had in CodeBuild.
    role = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:9/creds-5f0c"}

    result = bundle.run(env={**LOGIN, **role})

    assert result.status == 0, result.errors
    found = (result.unpack(tmp_path / "opt") / "evil.py").read_text()
    assert "PATH" in found
    assert PASSWORD not in found
    assert "creds-5f0c" not in found
    assert "/simple/" in next(path for path in private.asked if "fll-private-base" in path)
    assert private.refused == []
    lock = next(result.out.glob("lock-*.txt")).read_text()
    assert "evil==1.0" in lock
    assert "127.0.0.1" not in lock


@pytest.mark.slow
def test_a_wrong_password_is_said_so_and_not_shown(
    make_bundle: "MakeBundle", private: PackageIndex
) -> None:
    bundle = make_bundle(
        dependencies=["fll-private"], indexes=[{"url": private.url, "default": True}]
    )

    result = bundle.run(env={**LOGIN, "UV_INDEX_LAYER_1_PASSWORD": "wrong-wrong-wrong"})

    assert result.status == 1
    assert "ERROR: a package index refused the login" in result.errors
    assert private.url in result.errors
    assert "wrong-wrong" not in result.output + result.errors
    assert [path for path, content in every_byte(bundle.path) if b"wrong-wrong" in content] == []


@pytest.mark.slow
def test_indexes_are_asked_in_their_order(
    make_bundle: "MakeBundle", tmp_path: Path, make_wheel: "MakeWheel"
) -> None:
    make_wheel(tmp_path / "one", "fll_both", "1.0")
    make_wheel(tmp_path / "two", "fll_both", "2.0")
    make_wheel(tmp_path / "two", "fll_other", "2.0")
    with (
        PackageIndex(tmp_path / "one").serving() as one,
        PackageIndex(tmp_path / "two").serving() as two,
    ):
        bundle = make_bundle(
            dependencies=["fll-both", "fll-other"],
            indexes=[{"url": one.url, "default": False}, {"url": two.url, "default": True}],
        )

        result = bundle.run()

    assert result.status == 0, result.errors
    versions = [(p["name"], p["version"]) for p in result.manifest["packages"]]
    assert versions == [("fll-both", "1.0"), ("fll-other", "2.0")]
    assert "using 2 package indexes in place of PyPI" in result.output


@pytest.mark.slow
@pytest.mark.parametrize("extra_first", [True, False])
def test_an_extra_index_of_a_requirements_file_comes_first_and_the_log_says_so(
    make_bundle: "MakeBundle", tmp_path: Path, make_wheel: "MakeWheel", *, extra_first: bool
) -> None:
    # `--index-url OURS`, `--extra-index-url PUBLIC`: a name of ours on the public one is taken.
    make_wheel(tmp_path / "ours", "fll_both", "1.0")
    make_wheel(tmp_path / "public", "fll_both", "2.0")
    with (
        PackageIndex(tmp_path / "ours").serving() as ours,
        PackageIndex(tmp_path / "public").serving() as public,
    ):
        bundle = make_bundle(requirements=["requirements.txt"])
        lines = [f"--index-url {ours.url}", f"--extra-index-url {public.url}"]
        text = "\n".join([*(reversed(lines) if extra_first else lines), "fll-both"])
        (bundle.path / "project" / "requirements.txt").write_text(text)

        result = bundle.run()

    assert result.status == 0, result.errors
    assert [p["version"] for p in result.manifest["packages"]] == ["2.0"]
    (note,) = [line for line in result.output.splitlines() if "--extra-index-url" in line]
    assert "NOTE: requirements have an --extra-index-url" in note


def log_in(*items: dict[str, Any], **environment: str) -> dict[str, str]:
    found = {"PATH": os.environ["PATH"], "AWS_REGION": "eu-west-1", **environment}
    indexes.log_in([indexes.parse(item) for item in items], found, Log())
    return found


def fake_aws(folder: Path, script: str) -> str:
    """Write an AWS CLI that does what the script says; return the PATH that finds it."""
    program = folder / "bin" / "aws"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return f"{program.parent}{os.pathsep}{os.environ['PATH']}"


def test_a_token_of_codeartifact_is_fetched_for_the_domain_and_hidden(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = fake_aws(tmp_path, f'echo "$@" > {tmp_path}/asked; echo a-short-lived-token')

    found = log_in(
        {"codeartifact": PLACE, "default": False},
        {"codeartifact": {**PLACE, "region": "cn-north-1"}, "default": True},
        PATH=path,
    )

    assert found["UV_INDEX"] == (
        "layer-1=https://shop-123456789012.d.codeartifact.eu-west-1.amazonaws.com/pypi/python/simple/"
    )
    assert ".codeartifact.cn-north-1.amazonaws.com.cn/" in found["UV_DEFAULT_INDEX"]
    assert found["UV_INDEX_LAYER_1_USERNAME"] == "aws"
    assert found["UV_INDEX_LAYER_1_PASSWORD"] == "a-short-lived-token"
    asked = (tmp_path / "asked").read_text()
    assert "codeartifact get-authorization-token --domain shop --domain-owner 123456789012" in asked
    assert "a-short-lived-token" not in capsys.readouterr().out
    assert "a-short-lived-token" not in without_credentials("it is a-short-lived-token")


@pytest.mark.parametrize(
    ("script", "why"),
    [
        ("echo 'AccessDeniedException: not you' >&2; exit 254", "AccessDeniedException"),
        ("exit 3", "aws ended with status 3"),
        ("echo None", "aws ended with status 0"),
    ],
)
def test_a_refusal_of_codeartifact_names_the_domain_and_the_reason(
    tmp_path: Path, script: str, why: str
) -> None:
    path = fake_aws(tmp_path, script)

    with pytest.raises(BuildError, match="domain shop of account 123456789012") as caught:
        log_in({"codeartifact": PLACE, "default": False}, PATH=path)

    assert why in caught.value.where


def test_a_build_image_without_the_aws_cli_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="cannot log in") as caught:
        log_in({"codeartifact": PLACE, "default": False}, PATH=str(tmp_path))

    assert "there is no AWS CLI" in caught.value.where


def test_without_indexes_the_environment_stays_as_it_is() -> None:
    assert "UV_INDEX" not in log_in()
    assert log_in(UV_INDEX="mine=https://a.example/simple")["UV_INDEX"].startswith("mine=")


def test_an_index_of_the_environment_is_asked_after_the_layers_own() -> None:
    found = log_in({"url": "https://b.example/s", "default": False}, UV_INDEX="https://a.example/s")

    assert found["UV_INDEX"] == "layer-1=https://b.example/s https://a.example/s"


@pytest.mark.parametrize(
    "item",
    [
        {"url": "", "default": False},
        {"url": "https://ci:secret@a.example/s", "default": False},
        {"url": "https://a.example/s b", "default": False},
        {"url": "https://a.example/s", "codeartifact": PLACE, "default": False},
    ],
)
def test_what_is_no_index_is_refused(item: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="no index"):
        indexes.parse(item)


def test_uv_is_what_these_tests_say_it_is(uv_program: Path) -> None:
    said = subprocess.run(
        [uv_program, "pip", "compile", "--help"], capture_output=True, text=True, timeout=PATIENCE
    )

    assert "UV_DEFAULT_INDEX" in said.stdout
