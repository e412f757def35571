from __future__ import annotations

from dataclasses import replace
from typing import Any

from builder.sizes.advice import Advice, advise
from builder.sizes.model import Importer, LayerSize
from builder.sizes.together import Together
from tests.builder.conftest import spec_of
from tests.builder.sizes.layers import CHROMA, MB, sized


def kinds(layer: LayerSize, **spec: Any) -> dict[str, list[Advice]]:
    found: dict[str, list[Advice]] = {}
    for each in advise(layer, spec_of(dependencies=("chroma>=1",), **spec)):
        found.setdefault(each.kind, []).append(each)
    return found


def test_the_package_that_frees_the_most_comes_first_with_what_goes_with_it() -> None:
    first, second, *_ = kinds(sized("chroma", CHROMA))["leave-out"]
    assert first.text.startswith("onnx and 1 that only it needs")
    assert first.saves == 200 * MB
    assert first.fits
    assert first.write == (
        'exclude = ["/onnx/", "/onnx-*.dist-info/", "/sympy/", "/sympy-*.dist-info/"]'
    )
    assert (second.saves, second.fits) == (75 * MB, False)


def test_what_has_to_go_together_is_as_little_as_is_enough() -> None:
    layer = sized("chroma", {**CHROMA, "onnx": (90, "sympy"), "sympy": (1, "")})
    (together,) = kinds(layer)["together"]
    assert "without onnx it fits: 185,000,000 bytes" in together.text
    assert together.fits


def test_what_many_modules_import_while_they_load_is_said_and_not_left_out() -> None:
    packages = {"chroma": (100, "a|b"), "a": (110, ""), "b": (100, "")}
    layer = sized("chroma", packages, importers={("chroma", "a"): Importer(9, "chroma/x.py")})
    found = kinds(layer)
    assert "9 modules import it while loaded, such as chroma/x.py" in found["leave-out"][0].text
    assert "no module imports it" in found["leave-out"][1].text
    assert "without b it fits" in found["together"][0].text
    layer = sized("chroma", packages, importers={
        ("chroma", name): Importer(9, "chroma/x.py") for name in "ab"
    })  # fmt: skip
    assert "together" not in kinds(layer)


def test_slim_options_that_are_off_are_advised_with_what_they_would_save() -> None:
    saves = {"tests": {"chroma": 3 * MB}, "docs": {"onnx": 2 * MB, "sympy": MB}, "stubs": {}}
    found = kinds(sized("chroma", CHROMA, saves=saves), slim=("tests",))["slim"]
    assert [(each.saves, each.write) for each in found] == [(3 * MB, 'slim = ["tests", "docs"]')]
    assert "onnx" in found[0].text


def test_an_extra_that_the_layer_asks_for_has_its_price() -> None:
    packages = {"web": (5, 'fast; extra == "standard"'), "fast": (20, "")}
    (extra,) = kinds(sized("web[standard]", packages))["extra"]
    assert (extra.text, extra.saves) == ("web without its extra 'standard'", 20 * MB)
    assert "extra" not in kinds(sized("web[standard]|fast", packages))


def test_a_layer_of_several_targets_may_be_one_layer_a_target() -> None:
    (split,) = kinds(sized("chroma", {"chroma": (140, "")}, targets=2))["split"]
    assert (split.write, split.fits) == ('split = "target"', True)


def test_requirements_are_parted_into_two_layers_that_fit() -> None:
    packages = {"a": (150, "c"), "b": (150, "c"), "c": (20, "")}
    layer = sized("a|b", packages)
    (split,) = [
        each
        for each in advise(layer, spec_of(dependencies=("a[x]>=2", "b"))) if each.kind == "split"
    ]  # fmt: skip
    assert split.write == 'dependencies = ["a[x]>=2"]\ndependencies = ["b"]'
    assert "one function with both has the same limit" in split.text
    assert split.text.count("170,000,000 bytes") == 2


def test_a_lighter_distribution_is_named_with_its_source_and_what_was_found() -> None:
    layer = sized("opencv-python", {"opencv-python": (300, "")})
    spec = spec_of(dependencies=("opencv-python",))
    (found,) = [a for a in advise(layer, spec, {"opencv-python": 200 * MB}) if a.kind == "lighter"]
    assert "opencv-python-headless" in found.text
    assert (found.saves, found.fits) == (200 * MB, True)
    assert "README" in found.source


def test_nothing_is_said_to_fit_while_a_size_is_unknown() -> None:
    layer = sized("chroma", CHROMA, unknown=("numpy",))
    assert not any(a.fits for a in advise(layer, spec_of()) if a.kind in ("leave-out", "together"))


def test_what_fits_is_left_alone() -> None:
    assert not advise(sized("a", {"a": (5, "")}), spec_of())


def test_the_other_half_of_a_package_is_not_advised_to_go() -> None:
    packages = {"polars": (8, "polars-runtime|numpy"), "polars-runtime": (200, ""),
                "numpy": (60, "")}  # fmt: skip
    found = kinds(sized("polars", packages))
    assert [each.text.split(":")[0] for each in found["leave-out"]] == ["numpy"]
    assert "without numpy it fits" in found["together"][0].text


def test_what_is_advised_makes_room_for_the_other_layers_of_the_function() -> None:
    alone = sized("chroma", CHROMA)
    assert kinds(alone)["leave-out"][0].fits  # 385 MB without 200 MB

    shared = replace(alone, shared=Together("api", ("web", "data"), alone.size + 90 * MB))
    assert not kinds(shared)["leave-out"][0].fits
    (together,) = kinds(shared)["together"]
    assert "without onnx, kubernetes it fits" in together.text


def test_an_extra_and_a_lighter_distribution_come_with_the_line_to_write() -> None:
    packages = {"chromadb": (50, "big ; extra == 'all'"), "big": (20, "")}
    layer = sized("chromadb[all]", packages)
    spec = spec_of(dependencies=("idna", "Chromadb[all,fast]>=1"))
    found = {each.kind: each for each in advise(layer, spec)}
    assert found["extra"].write == 'dependencies = ["idna", "Chromadb[fast]>=1"]'
    assert found["lighter"].write == 'dependencies = ["idna", "chromadb-client"]'

    elsewhere = spec_of(dependencies=(), requirements=("requirements.txt",))
    assert {each.write for each in advise(layer, elsewhere) if each.kind != "leave-out"} == {""}


def test_what_another_package_cannot_be_imported_without_is_said_to_stay() -> None:
    layer = sized("chroma", {**CHROMA, "kubernetes": (10, "")})
    needs = {"chroma": frozenset({"onnx"}), "onnx": frozenset({"numpy"})}
    target = replace(layer.targets[0], at_once=lambda name: needs.get(name, frozenset()))
    found = kinds(replace(layer, targets=(target,)))

    onnx, sympy, numpy, kubernetes = found["leave-out"]
    assert onnx.text.startswith("onnx and 1 that only it needs has to stay: chroma cannot be")
    assert (onnx.saves, onnx.fits, onnx.write) == (200 * MB, False, "")
    assert sympy.fits  # onnx needs it, and is imported without it
    assert sympy.write.startswith("exclude = ")
    assert "onnx cannot be imported without it" in numpy.text
    assert kubernetes.write
    (together,) = found["together"]
    assert "without sympy it fits" in together.text


def test_what_turned_out_not_to_be_lighter_is_not_advised() -> None:
    layer = sized("xgboost", {"xgboost": (250, "")})
    spec = spec_of(dependencies=("xgboost",))

    def lighter(tried: dict[str, int], of: LayerSize = layer) -> list[Advice]:
        return [each for each in advise(of, spec, tried) if each.kind == "lighter"]

    assert len(lighter({"xgboost": 9 * MB})) == 1
    assert lighter({"xgboost": 0}) == []
    assert len(lighter({})) == 1  # it was not tried
    unknown = sized("xgboost", {"xgboost": (0, "")}, unknown=("xgboost",))
    assert len(lighter({"xgboost": 0}, unknown)) == 1  # a wheel for what would be compiled


def test_an_extra_that_asks_for_others_of_its_package_goes_with_them() -> None:
    """As dask's `complete`, which asks for dask[array,dataframe,...]."""
    metadata = "dask[array,frames] ; extra == 'complete'|lz4 ; extra == 'complete'"
    packages = {
        "dask": (5, f"{metadata}|big ; extra == 'array'|large ; extra == 'frames'"),
        "lz4": (2, ""), "big": (90, ""), "large": (80, ""),
    }  # fmt: skip
    (found,) = [
        each for each in advise(sized("dask[complete]", packages),
                                spec_of(dependencies=("dask[Complete]",)))
        if each.kind == "extra"
    ]  # fmt: skip
    assert (found.saves, found.write) == (172 * MB, 'dependencies = ["dask"]')

    both = spec_of(dependencies=("dask[complete,array]",))
    saves = {
        each.text.rpartition(" ")[2]: each.saves
        for each in advise(sized("dask[complete,array]", packages), both)
        if each.kind == "extra"
    }
    assert saves["'complete'"] == 82 * MB
