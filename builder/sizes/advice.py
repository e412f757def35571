"""What to do about a layer's size: computed from its packages, not recited."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name

from builder.sizes.graph import Edge, Graph
from builder.sizes.lighter import lighter
from builder.sizes.model import CLOSE, TOO_LARGE, LayerSize, TargetSize
from builder.sizes.partition import Half, in_two
from builder.sizes.patterns import patterns
from builder.spec.layer_spec import LayerSpec

WORTH = 1_000_000
"""Bytes below which nothing is advised."""
MOST = 6
FEW = 3
"""Modules that import a package while they are loaded, and may be for a purpose of their own."""
WHOLE = 0.9
"""A package that is there for more than this share of the layer is the layer itself."""


@dataclass(frozen=True)
class Advice:
    """One thing to do.

    ``kind`` is slim, together, leave-out, extra, lighter, split, container
    or service; ``saves`` are bytes
    unzipped of all targets, 0 where they are not computed; ``fits`` says whether that alone is
    enough, ``write`` is what to write into the layer's description, ``source`` where a fact is
    from.
    """

    kind: str
    text: str
    saves: int = 0
    fits: bool = False
    write: str = ""
    source: str = ""


def advise(
    layer: LayerSize, spec: LayerSpec, tried: Mapping[str, int] | None = None
) -> tuple[Advice, ...]:
    """Return what would make a layer smaller, what does most of a kind first.

    ``tried`` has what lighter distributions were found to save, in bytes by package.
    """
    found = [*_slim(layer, spec), *_extras(layer, spec), *_leave_out(layer)]
    found += _lighter(layer, spec, tried or {})
    if layer.verdict == TOO_LARGE:
        found += [*_together(layer, spec), *_split(layer, spec)]
    if layer.verdict in (TOO_LARGE, CLOSE):
        found.append(
            Advice(
                "container",
                "a function in a container image may have 10 GB, without any layer",
                fits=True,
                source='AWS Lambda developer guide, "Lambda quotas": container image code package',
            )
        )
        found.append(
            Advice(
                "service",
                "the packages in a service that the function calls: docs/hybrid.md",
                fits=True,
            )
        )
    return tuple(found)


def _slim(layer: LayerSize, spec: LayerSpec) -> Iterable[Advice]:
    found = []
    for option in layer.targets[0].saves:
        saves = sum(sum(target.saves[option].values()) for target in layer.targets)
        if option in spec.slim or saves < WORTH:
            continue
        note = ": Lambda's runtime has boto3, of a version that AWS chooses" * (option == "boto")
        text = f"slim option {option!r} leaves out {_named(_top(layer, option))}{note}"
        write = f"slim = {_list([*spec.slim, option])}"
        found.append(Advice("slim", text, saves, _fits(layer, saves), write))
    return sorted(found, key=lambda advice: -advice.saves)


def _top(layer: LayerSize, option: str) -> list[str]:
    sums: dict[str, int] = {}
    for target in layer.targets:
        for name, size in target.saves[option].items():
            sums[name] = sums.get(name, 0) + size
    return sorted(sums, key=lambda name: -sums[name])[:3]


def _named(names: Iterable[str]) -> str:
    return "parts of " + ", ".join(names)


def _extras(layer: LayerSize, spec: LayerSpec) -> Iterable[Advice]:
    """What the extras that the layer itself asks for bring, and nothing else needs."""
    first = layer.targets[0].graph
    lines = _asked_extras(spec)
    asked = {(source, extra) for source, extras in lines.items() for extra in extras}
    # What a file asks for is seen by what it brings.
    asked |= {(e.source, e.extra) for e in first.edges if e.extra and e.source not in lines}
    found = []
    for source, extra in sorted(asked):
        if source not in first.roots:
            continue
        saves = sum(_without_extra(t, source, extra, lines.get(source)) for t in layer.targets)
        if saves >= WORTH:
            text = f"{source} without its extra {extra!r}"
            write = _without(spec, source, extra)
            found.append(Advice("extra", text, saves, _fits(layer, saves), write))
    return sorted(found, key=lambda advice: -advice.saves)


def _asked_extras(spec: LayerSpec) -> dict[str, set[str]]:
    """Return the extras that the layer's own lines ask for, by package."""
    found: dict[str, set[str]] = {}
    for requirement in map(Requirement, spec.dependencies):
        extras = found.setdefault(str(canonicalize_name(requirement.name)), set())
        extras |= {str(canonicalize_name(extra)) for extra in requirement.extras}
    return found


def _without(spec: LayerSpec, name: str, extra: str) -> str:
    """Return the ``dependencies`` line without an extra, "" where another file asks for it."""
    lines = []
    for line in spec.dependencies:
        requirement = Requirement(line)
        others = {e for e in requirement.extras if canonicalize_name(e) != extra}
        if canonicalize_name(requirement.name) == name and others != requirement.extras:
            requirement.extras = others
            lines.append(str(requirement))
        else:
            lines.append(line)
    return f"dependencies = {_list(lines)}" if lines != list(spec.dependencies) else ""


def _instead(spec: LayerSpec, name: str, other: str) -> str:
    """Return the ``dependencies`` line with another package in a package's place."""
    names = [canonicalize_name(Requirement(line).name) for line in spec.dependencies]
    if not other or name not in names:
        return ""
    lines = [
        other if found == name else line
        for found, line in zip(names, spec.dependencies, strict=True)
    ]
    return f"dependencies = {_list(lines)}"


def _without_extra(
    target: TargetSize, source: str, extra: str, asked: Collection[str] | None
) -> int:
    """Return the bytes that go with an extra; ``asked`` are all that the layer's lines ask for."""
    graph = target.graph
    brought = {edge for edge in graph.needs[source] if edge.extra}
    edges: set[Edge] = {edge for edge in brought if edge.extra == extra}
    if asked is not None:
        # An extra may ask for others of its package, which then go with it: dask[complete].
        said = [Requirement(edge.said).extras for edge in graph.needed_by[source]]
        kept = {*asked, *(canonicalize_name(one) for extras in said for one in extras)} - {extra}
        edges = {edge for edge in brought if edge.extra not in kept}
    reached = graph.reached(graph.roots, (), edges)
    return sum(size for name, size in target.sizes.items() if name not in reached)


def _candidates(layer: LayerSize) -> list[str]:
    """Return packages that could be left out, those that free the most first."""
    graphs = [target.graph for target in layer.targets]
    parts = {name for graph in graphs for name in graph.names if _is_part(graph, name)}
    names = {name for graph in graphs for name in graph.names} - parts
    freed = {name: _freed(layer, (name,)) for name in names}
    roots = {root for target in layer.targets for root in target.graph.roots}
    return sorted(
        (n for n in names - roots if WORTH <= freed[n] <= layer.size * WHOLE),
        key=lambda name: (-freed[name], name),
    )


def imported(target: TargetSize, name: str) -> str:
    """Return in words which modules import a package while they are loaded."""
    gone = gone_with(target, (name,))
    found = [
        (by, who)
        for (by, other), who in sorted(target.importers.items())
        if other == name and by not in gone
    ]
    if not found:
        return "no module imports it while it is loaded"
    count = sum(who.count for _, who in found)
    by, who = max(found, key=lambda item: item[1].count)
    modules = "module imports" if count == 1 else "modules import"
    return f"{count} {modules} it while loaded, such as {who.example} of {by}"


def _loads(layer: LayerSize, name: str) -> int:
    gone = gone_with(layer.targets[0], (name,))
    return sum(
        who.count
        for (by, other), who in layer.targets[0].importers.items()
        if other == name and by not in gone
    )


def _needed_by(layer: LayerSize, name: str) -> list[str]:
    """Return the packages that would stay, and whose import needs one that would be left out."""
    found = set()
    for target in layer.targets:
        gone = gone_with(target, (name,))
        above, waiting = set[str](), list(gone)
        while waiting:
            new = {edge.source for edge in target.graph.needed_by.get(waiting.pop(), ())} - above
            above |= new
            waiting += new
        found |= {by for by in above - gone if target.at_once(by) & gone}
    return sorted(found)


def _is_part(graph: Graph, name: str) -> bool:
    """Return whether a package is another's own other half, such as polars-runtime-32."""
    return any(name.startswith(f"{edge.source}-") for edge in graph.needed_by[name])


def _freed(layer: LayerSize, without: Collection[str]) -> int:
    return sum(
        sum(target.sizes.get(name, 0) for name in gone_with(target, without))
        for target in layer.targets
    )


def gone_with(target: TargetSize, without: Collection[str]) -> frozenset[str]:
    """Return all that is no longer needed when some packages are left out, these among it."""
    graph = target.graph
    return frozenset(graph.names) - graph.reached(graph.roots, without)


def _excluding(layer: LayerSize, without: Collection[str]) -> str:
    """Return the ``exclude`` line that leaves packages out with all that only they need."""
    found: dict[str, None] = {}
    for target in layer.targets:
        found.update(dict.fromkeys(patterns(target.files, gone_with(target, without))))
    return f"exclude = {_list(found)}"


def _leave_out(layer: LayerSize) -> Iterable[Advice]:
    for name in _candidates(layer)[:MOST]:
        saves = _freed(layer, (name,))
        others = len(gone_with(layer.targets[0], (name,))) - 1
        rest = f" and {others} that only it needs" * bool(others)
        needy = _needed_by(layer, name)
        if needy:
            # The build's audit would refuse what is left: this says what is large, and no more.
            why = f"{', '.join(needy[:3])} cannot be imported without it"
            yield Advice("leave-out", f"{name}{rest} has to stay: {why}", saves)
            continue
        text = f"{name}{rest}: {imported(layer.targets[0], name)}"
        write = _excluding(layer, (name,))
        yield Advice("leave-out", text, saves, _fits(layer, saves), write)


def _together(layer: LayerSize, spec: LayerSpec) -> Iterable[Advice]:
    """The fewest large packages that have to go, beside all slim options, so that it fits."""
    options = [o for o in layer.targets[0].saves if o not in spec.slim and o != "boto"]
    slimmed = sum(sum(t.saves[o].values()) for t in layer.targets for o in options)
    chosen: list[str] = []
    # What many modules import while they are loaded, functions may well use.
    few = [name for name in _candidates(layer) if _loads(layer, name) <= FEW]
    for name in [name for name in few if not _needed_by(layer, name)]:
        if _fits(layer, _freed(layer, chosen)):
            break
        chosen.append(name)
    for name in list(chosen):
        less = [other for other in chosen if other != name]
        if _fits(layer, _freed(layer, less)):
            chosen = less
    saves = _freed(layer, chosen)
    if not chosen or not _fits(layer, saves):
        return
    text = f"without {', '.join(chosen)} it fits: {layer.size - saves:,} bytes"
    more = f", and the slim options {', '.join(options)} save up to {slimmed:,} more" * bool(
        slimmed
    )
    yield Advice("together", text + more, saves, True, _excluding(layer, chosen))


def _lighter(layer: LayerSize, spec: LayerSpec, tried: Mapping[str, int]) -> Iterable[Advice]:
    target = layer.targets[0]
    for package in target.packages:
        row = lighter(package.name)
        if row is None:
            continue
        other = row.requirement or f"another build of {package.name}"
        needed = sorted({edge.source for edge in target.graph.needed_by[package.name]})
        where = f" (here it is {', '.join(needed)} that needs it)" if needed else ""
        saves = tried.get(package.name, 0)
        if layer.is_known and tried.get(package.name) == 0:
            continue  # it was tried, and for this target and these versions it is not lighter
        yield Advice(
            "lighter",
            f"{other} in the place of {package.name}: {row.what}{where}",
            saves,
            _fits(layer, saves),
            _instead(spec, package.name, row.requirement),
            row.source,
        )


def _split(layer: LayerSize, spec: LayerSpec) -> Iterable[Advice]:
    if len(layer.targets) > 1 and all(t.size <= layer.room for t in layer.targets):
        sizes = ", ".join(f"{target.target}: {target.size:,}" for target in layer.targets)
        text = f"one layer a target, each of which fits ({sizes})"
        yield Advice("split", text, fits=True, write='split = "target"')
    if len(layer.targets) != 1:
        return
    target = layer.targets[0]
    halves = in_two(target.graph, target.sizes, layer.room)
    if halves is None:
        return
    text = (
        "two layers for different functions (one function with both has the same limit): "
        + "; ".join(_half(half) for half in halves)
    )
    yield Advice("split", text, fits=True, write="\n".join(_described(h, spec) for h in halves))


def _half(half: Half) -> str:
    return f"{', '.join(half.roots)} with {len(half.packages)} packages, {half.size:,} bytes"


def _described(half: Half, spec: LayerSpec) -> str:
    lines = {canonicalize_name(Requirement(line).name): line for line in spec.dependencies}
    return f"dependencies = {_list(lines.get(NormalizedName(n), n) for n in half.roots)}"


def _fits(layer: LayerSize, saves: int) -> bool:
    return layer.is_known and layer.size - saves <= layer.room


def _list(words: Iterable[str]) -> str:
    inside = ", ".join('"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"' for word in words)
    return f"[{inside}]"
