from __future__ import annotations

import uuid
import zipfile
from pathlib import Path
from typing import Any

import pytest

from builder.sizes.candidate import Candidate
from builder.sizes.in_time import VARIABLE
from builder.sizes.plan_sizes import plan_sizes
from builder.spec.runtimes import UNZIPPED_LIMIT
from tests.builder.conftest import spec_of, write_tree
from tests.builder.sizes.conftest import Serve
from tests.patience import PATIENCE
from tests.worker.conftest import MakeWheel

BIG = 150_000_000


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, f"{PATIENCE:.0f}")


@pytest.fixture
def index(make_wheel: MakeWheel, shelf: Path, serve: Serve) -> None:
    """An index with two packages that are large together: zeros, which take no room zipped."""
    for name in ("one", "two"):
        wheel = make_wheel(shelf, name)
        with (
            zipfile.ZipFile(wheel, "a", zipfile.ZIP_DEFLATED) as archive,
            archive.open(f"{name}/data.bin", "w") as file,
        ):
            for _ in range(BIG // 1_000_000):
                file.write(bytes(1_000_000))
    make_wheel(shelf, "both", requires=("one", "two"))
    serve(ranges=True)


def layer(root: Path, name: str, *dependencies: str, **fields: Any) -> Candidate:
    values = {"size_check": "error", **fields}
    spec = spec_of(name, dependencies=dependencies, **values)
    return Candidate(spec, root, uuid.uuid4().hex * 2, due=True)


def current(root: Path, name: str, size: int, **fields: Any) -> Candidate:
    return Candidate(spec_of(name, **fields), root, "f" * 64, due=False, released=size)


@pytest.mark.slow
@pytest.mark.usefixtures("index")
def test_what_cannot_fit_is_refused_with_who_is_large_and_what_to_do(tmp_path: Path) -> None:
    found = plan_sizes(
        {"web": layer(tmp_path, "web", "both"), "api": layer(tmp_path, "api", "one")}
    )

    refusal = found["web"]["size_refusal"]
    assert (found["web"]["size_verdict"], found["web"]["size_fits"]) == ("too large", "false")
    assert int(found["web"]["predicted_size"]) > 2 * BIG
    assert "  one 1.0 " in refusal
    assert "150,000" in refusal
    assert "lambda-layer size web --advice" in refusal
    assert 'size_check = "warn"' in refusal
    assert (found["api"]["size_refusal"], found["api"]["size_fits"]) == ("", "true")
    assert found["api"]["size_verdict"] == "fits"
    assert found["api"]["size"].startswith("150,")


@pytest.mark.slow
@pytest.mark.usefixtures("index")
def test_warn_says_it_and_refuses_nothing_and_off_does_not_look(tmp_path: Path) -> None:
    found = plan_sizes(
        {
            "warned": layer(tmp_path, "warned", "both", size_check="warn"),
            "off": layer(tmp_path, "off", "both", size_check="off"),
        }
    )

    assert list(found) == ["warned"]
    assert found["warned"]["size_refusal"] == ""
    assert "too large" in found["warned"]["size"]


@pytest.mark.slow
@pytest.mark.usefixtures("index")
def test_what_stripping_symbols_may_make_fit_is_not_refused(tmp_path: Path) -> None:
    slim = layer(tmp_path, "web", "both", slim=("symbols",))
    found = plan_sizes({"web": slim})["web"]

    assert (found["size_verdict"], found["size_refusal"]) == ("too large", "")


@pytest.mark.slow
@pytest.mark.usefixtures("index")
def test_the_other_layers_of_its_functions_are_counted_in(tmp_path: Path) -> None:
    web = layer(tmp_path, "web", "one", functions=("api",))
    data = current(tmp_path, "data", 150_000_000, functions=("api",))

    found = plan_sizes({"web": web, "data": data})
    assert list(found) == ["web"]
    assert found["web"]["size_verdict"] == "too large"
    assert "function api gets web, data: 300," in found["web"]["size_refusal"]

    other = current(tmp_path, "data", 150_000_000, functions=("jobs",))
    assert plan_sizes({"web": web, "data": other})["web"]["size_verdict"] == "fits"
    small = current(tmp_path, "data", UNZIPPED_LIMIT - BIG - 2_000_000, functions=("api",))
    assert plan_sizes({"web": web, "data": small})["web"]["size_verdict"] == "fits"


def test_what_asks_for_nothing_is_not_looked_at(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # Were a process started, it would be asked.
    monkeypatch.setattr("builder.sizes.plan_sizes.forecasts", lambda asked: 1 / 0)
    write_tree(tmp_path, {"web/pyproject.toml": '[project]\nname = "web"\nversion = "1"\n'})
    spec = spec_of(package="web", size_check="error")

    assert plan_sizes({"web": Candidate(spec, tmp_path, "f" * 64, due=True)}) == {}
    assert plan_sizes({"web": current(tmp_path, "web", 5)}) == {}
    assert plan_sizes({}) == {}
