"""A layer that cannot fit is refused by plan, before a build is paid; trouble refuses nothing."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator

import pytest

from builder.spec.layer_spec import LayerSpec
from tests.package_index import PackageIndex
from tests.terraform.builds import quick_builds
from tests.terraform.conftest import Make, Stack
from tests.terraform.packages import layer, write

BIG = 270_000_000
CHECKED = LayerSpec.size_check


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PackageIndex]:
    """An index whose one package is too large, and takes no room zipped."""
    shelf = tmp_path_factory.mktemp("shelf")
    about = "Metadata-Version: 2.1\nName: huge\nVersion: 1.0\n"
    with zipfile.ZipFile(shelf / "huge-1.0-py3-none-any.whl", "w", zipfile.ZIP_DEFLATED) as wheel:
        with wheel.open("huge/data.bin", "w") as file:
            for _ in range(BIG // 1_000_000):
                file.write(bytes(1_000_000))
        wheel.writestr("huge-1.0.dist-info/METADATA", about)
        wheel.writestr("huge-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        wheel.writestr("huge-1.0.dist-info/RECORD", "")
    with PackageIndex(shelf, ranges=True).serving() as index:
        yield index


@pytest.fixture
def stack(make: Make) -> Stack:
    """A layer and another one, which is not too large."""
    stack = make(
        layer(requirements=["web/needs.txt"], size_check=CHECKED),
        layer("tools", size_check=CHECKED),
    )
    quick_builds(stack)
    return stack


def needs(stack: Stack, url: str) -> None:
    write(stack.project / "web/needs.txt", f"--index-url {url}\nhuge\n")


def without_an_index(stack: Stack) -> None:
    needs(stack, "http://127.0.0.1:9/packages")


def test_what_cannot_fit_is_refused_before_anything_is_made(
    stack: Stack, index: PackageIndex
) -> None:
    needs(stack, index.url)

    for refused in (stack.fails("plan"), stack.fails("apply", "-auto-approve")):
        assert refused.stderr.count("Error:") == 1
        assert "Layer web cannot fit." in refused.said
        assert "huge 1.0 270,000," in refused.said
        assert 'size_check = "warn"' in refused.said
        assert (refused.writes, refused.builds) == ([], 0)
    assert stack.plan("-destroy").exit_code in {0, 2}


def test_a_warning_stands_in_the_plan_and_the_build_goes_on(
    stack: Stack, index: PackageIndex
) -> None:
    needs(stack, index.url)
    stack.respec(size_check="warn")

    planned = stack.plan()

    assert planned.exit_code == 2
    assert planned.answer("web")["size_verdict"] == "too large"
    assert planned.answer("web")["predicted_size"].startswith("270,".replace(",", ""))
    assert "size_verdict" not in planned.answer("tools")
    assert stack.apply().builds == 2
    assert "size" not in stack.plan().answer("web")


def test_off_asks_no_index(stack: Stack, index: PackageIndex) -> None:
    needs(stack, index.url)
    stack.respec(size_check="off")
    before = len(index.asked)

    assert stack.plan().exit_code == 2
    assert len(index.asked) == before


def test_without_a_network_a_plan_says_so_and_goes_on(stack: Stack) -> None:
    without_an_index(stack)

    planned = stack.plan()

    assert planned.exit_code == 2
    assert planned.answer("web")["size_verdict"] == "not predicted"
    assert planned.answer("web")["size"].startswith("not predicted: ")
    assert stack.apply().builds == 2
