"""Whole builds: which versions a layer gets, and what is said when there are none."""

from typing import TYPE_CHECKING

import pytest

from builder.inputs import supervisor
from builder.worker.request import Target
from builder.worker.resolve.target_lock import SUPERVISOR
from tests.worker.samples import mine, offline, sdist

if TYPE_CHECKING:
    from tests.worker.conftest import MakeBundle, MakeWheel


@pytest.mark.slow
def test_requires_python_is_judged_against_the_target(
    make_bundle: "MakeBundle", here: Target
) -> None:
    result = make_bundle(mine(requires=">=3.50"), package="libs/mine").run()

    assert result.status == 1
    assert f"mine 3.2 does not run on python{here.python}" in result.errors
    assert "change requires-python" in result.errors


@pytest.mark.slow
def test_nested_requirements_and_constraints_are_followed(
    make_bundle: "MakeBundle", make_wheel: "MakeWheel"
) -> None:
    bundle = make_bundle(
        {"deep/more.txt": "beta", "deep/limits.txt": "alpha<2"}, requirements=["requirements.txt"]
    )
    links = bundle.path / "project" / "wheels"
    make_wheel(links, "alpha", "1.0")
    make_wheel(links, "alpha", "2.0")
    make_wheel(links, "beta", "5.0", requires=("alpha",))
    offline(bundle, "-r deep/more.txt\n-c deep/limits.txt")

    result = bundle.run()

    assert result.status == 0, result.errors
    assert [(p["name"], p["version"]) for p in result.manifest["packages"]] == [
        ("alpha", "1.0"),
        ("beta", "5.0"),
    ]


@pytest.mark.slow
@pytest.mark.slow
def test_more_requirements_than_an_argument_can_hold_are_installed(
    make_bundle: "MakeBundle", make_wheel: "MakeWheel"
) -> None:
    bundle = make_bundle(requirements=["requirements.txt"])
    # More than fits into one argument (MAX_ARG_STRLEN, 128 kB), and more than two batches.
    names = [f"package_with_a_{'rather_' * 28}long_name_{number:04}" for number in range(600)]
    assert sum(map(len, names)) > 128 * 1024
    for name in names:
        make_wheel(bundle.path / "project" / "wheels", name, files={f"{name}.py": ""})
    offline(bundle, "\n".join(names))

    result = bundle.run()

    assert result.status == 0, result.errors
    assert len(result.manifest["packages"]) == 600
    assert "installing 600 of 600" in result.output


@pytest.mark.slow
def test_a_package_that_does_not_exist_is_named(make_bundle: "MakeBundle", here: Target) -> None:
    result = make_bundle(dependencies=["this-package-does-not-exist-at-all"]).run()

    assert result.status == 1
    assert "ERROR: there is no package this-package-does-not-exist-at-all" in result.errors
    assert not (result.out / "manifest.json").exists()


@pytest.mark.slow
@pytest.mark.parametrize("native", [False, True])
def test_sources_are_fine_for_a_foreign_target_when_they_are_pure(
    native: bool, make_bundle: "MakeBundle", foreign: Target
) -> None:
    bundle = make_bundle(targets=(foreign,), requirements=["requirements.txt"])
    links = bundle.path / "project" / "wheels"
    sdist(links, "fll_only_as_source", native=native)
    (bundle.path / "project" / "requirements.txt").write_text(
        f"--find-links {links}\nfll_only_as_source\n"
    )

    result = bundle.run()

    assert f"fll-only-as-source has no wheel for {foreign}" in result.output, result.errors
    if native:
        assert result.status == 1
        assert f"ERROR: fll-only-as-source 1.0 cannot be had for {foreign}" in result.errors
    else:
        assert result.status == 0, result.errors
        assert "python/fll_only_as_source.py" in result.names


@pytest.mark.slow
def test_a_compiled_package_without_a_wheel_for_the_target_is_refused_at_once(
    make_bundle: "MakeBundle", foreign: Target
) -> None:
    result = make_bundle(dependencies=["psycopg2==2.9.9"], targets=(foreign,)).run()

    assert result.status == 1
    assert f"ERROR: psycopg2 2.9.9 cannot be had for {foreign}" in result.errors
    assert "installing" not in result.output


@pytest.mark.slow
def test_an_index_that_cannot_be_reached_is_said_so(make_bundle: "MakeBundle") -> None:
    result = make_bundle(dependencies=["six"]).run(
        env={"UV_DEFAULT_INDEX": "http://127.0.0.1:1/simple", "UV_HTTP_RETRIES": "0"},
        before="import worker.process; worker.process.FIRST_PAUSE = 0.01",
    )

    assert result.status == 1
    assert "ERROR: the package index cannot be reached" in result.errors
    assert "attempt 3 of 4 failed" in result.output


@pytest.mark.slow
def test_the_image_of_a_service_has_the_supervisor_and_what_that_needs(
    make_bundle: "MakeBundle", make_wheel: "MakeWheel"
) -> None:
    bundle = make_bundle(requirements=["requirements.txt"], image=True, supervisor=True)
    links = bundle.path / "project" / "wheels"
    make_wheel(links, "chroma", "1.0")
    stub = {
        "botocore/__init__.py": "",
        "boto3/exceptions.py": "class Boto3Error(Exception): pass\n",
        "botocore/config.py": "class Config: pass\n",
    }
    errors = "class ClientError(Exception): pass\nclass BotoCoreError(Exception): pass\n"
    stub |= {"boto3/__init__.py": "", "botocore/exceptions.py": errors}
    make_wheel(links, "boto3", "1.9", files=stub)
    offline(bundle, "chroma")
    folder = bundle.path / "project" / SUPERVISOR
    without = bundle.run()
    assert "the bundle has 0 wheels of the supervisor" in without.errors
    folder.mkdir()
    (bundle.path / "project" / supervisor.PATH).write_bytes(supervisor.wheel())

    result = bundle.run()

    assert result.status == 0, result.errors
    names = {package["name"] for package in result.manifest["packages"]}
    assert names == {"boto3", "chroma", "hybrid-service-client"}
    assert "python/hybrid_service/task/__main__.py" in result.names
