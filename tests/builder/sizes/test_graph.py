from __future__ import annotations

from packaging.requirements import Requirement

from builder.sizes import graph
from builder.sizes.graph import Graph, Metadata
from builder.spec.runtimes import Target

TARGET = Target("3.12", "arm64")


def of(asked: str, **needs: str) -> Graph:
    """Return the graph of packages whose requirements are texts such as ``b, c[x]``."""
    names = [name.replace("_", "-") for name in needs]
    metadata = {
        name: Metadata.parse("".join(f"Requires-Dist: {r}\n" for r in lines.split("|")).encode())
        for name, lines in zip(names, needs.values(), strict=True)
    }
    return graph.of(names, [Requirement(line) for line in asked.split("|")], metadata, TARGET)


def test_a_package_is_charged_with_what_only_it_needs() -> None:
    found = of("chroma|web", chroma="onnx|numpy", web="numpy", onnx="sympy", sympy="", numpy="")
    assert found.exclusive["onnx"] == {"onnx", "sympy"}
    assert found.exclusive["chroma"] == {"chroma", "onnx", "sympy"}
    assert found.exclusive["numpy"] == {"numpy"}
    assert found.because["sympy"] == ("onnx", "chroma")
    assert found.because["numpy"] == ()


def test_what_the_layer_itself_asks_for_stays_without_those_that_need_it() -> None:
    found = of("a|b", a="b", b="")
    assert found.exclusive["a"] == {"a"}
    assert found.because["b"] == ()
    assert found.ways("b") == [("b",), ("a", "b")]


def test_extras_bring_what_they_name_and_others_do_not() -> None:
    found = of("a[fast]", a='b; extra == "fast"|c; extra == "slow"', b='d; extra == "deep"', c="",
               d="")  # fmt: skip
    (edge,) = found.needs["a"]
    assert (edge.target, edge.extra) == ("b", "fast")
    assert "c" in found.roots  # nothing that is known leads to it, and it is there


def test_an_extra_may_bring_another_extra() -> None:
    found = of("a", a="b[x]", b='c[y]; extra == "x"', c='d; extra == "y"', d="")
    assert found.roots == ("a",)
    assert found.exclusive["a"] == {"a", "b", "c", "d"}


def test_markers_are_those_of_the_runtime() -> None:
    needs = 'b; platform_machine == "aarch64"|c; sys_platform == "win32"|d; python_version < "3.12"'
    assert [edge.target for edge in of("a", a=needs, b="", c="", d="").needs["a"]] == ["b"]


def test_packages_that_need_each_other_have_an_end() -> None:
    found = of("a", a="b", b="a|c", c="", x="y", y="x")
    assert found.roots == ("a", "x")
    assert found.exclusive["b"] == {"b", "c"}
    assert found.ways("c") == [("a", "b", "c")]


def test_lines_that_are_no_requirements_are_left_out() -> None:
    assert of("a", a="!!|b", b="").exclusive["a"] == {"a", "b"}


def test_every_package_that_needs_one_is_shown_by_its_shortest_way() -> None:
    found = of("a|b", a="c|d", b="d", c="d", d="")
    assert found.ways("d") == [("a", "d"), ("b", "d"), ("a", "c", "d")]


def test_a_marker_that_cannot_be_evaluated_does_not_lose_the_package() -> None:
    found = of("a", a='b; sys_platform ~= "x"', b="")
    assert found.exclusive["a"] == {"a", "b"}
