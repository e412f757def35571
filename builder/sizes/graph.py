"""Who needs whom: the packages of one target as a graph, and what each is the only reason for."""

from __future__ import annotations

import email
from collections import deque
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from packaging.markers import Marker, UndefinedComparison, UndefinedEnvironmentName
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion

from builder.spec.runtimes import ARCHITECTURES, Target
from builder.worker.contents.distributions import Distribution

MOST_WAYS = 12
"""Ways to a package that are listed."""


@dataclass(frozen=True)
class Edge:
    """One package needs another; ``said`` is the requirement, ``extra`` the extra that brings it.

    ``extra`` is empty for what is needed in any case.
    """

    source: str
    target: str
    said: str
    extra: str = ""


@dataclass(frozen=True)
class Graph:
    """Packages by name: ``roots`` are those that the layer itself asks for."""

    names: tuple[str, ...]
    roots: tuple[str, ...]
    edges: tuple[Edge, ...]

    @cached_property
    def needs(self) -> Mapping[str, tuple[Edge, ...]]:
        """What each package needs."""
        found: dict[str, list[Edge]] = {name: [] for name in self.names}
        for edge in self.edges:
            found[edge.source].append(edge)
        return {name: tuple(edges) for name, edges in found.items()}

    @cached_property
    def needed_by(self) -> Mapping[str, tuple[Edge, ...]]:
        """What needs each package."""
        found: dict[str, list[Edge]] = {name: [] for name in self.names}
        for edge in self.edges:
            found[edge.target].append(edge)
        return {name: tuple(edges) for name, edges in found.items()}

    def reached(
        self,
        roots: Iterable[str],
        without: Collection[str] = (),
        without_edges: Collection[Edge] = (),
    ) -> frozenset[str]:
        """Return what these roots need with all that it needs, as if some of it were not there."""
        seen: set[str] = set()
        todo = [root for root in roots if root not in without]
        while todo:
            name = todo.pop()
            if name in seen:
                continue
            seen.add(name)
            todo += [
                edge.target
                for edge in self.needs[name]
                if edge.target not in without and edge not in without_edges
            ]
        return frozenset(seen)

    @cached_property
    def exclusive(self) -> Mapping[str, frozenset[str]]:
        """What would go with each package, itself among it: what nothing else needs."""
        everything = self.reached(self.roots)
        return {name: everything - self.reached(self.roots, (name,)) for name in self.names}

    @cached_property
    def because(self) -> Mapping[str, tuple[str, ...]]:
        """The packages without any of which a package would not be there, the nearest first."""
        found: dict[str, list[str]] = {name: [] for name in self.names}
        for above, gone in self.exclusive.items():
            for name in gone - {above}:
                found[name].append(above)
        return {
            name: tuple(sorted(above, key=lambda other: (len(self.exclusive[other]), other)))
            for name, above in found.items()
        }

    def ways(self, name: str) -> list[tuple[str, ...]]:
        """Return ways from roots to a package, the shortest first: one for each that needs it."""
        found: list[tuple[str, ...]] = []
        if name in self.roots:
            found.append((name,))
        for edge in self.needed_by[name]:
            way = self._way_to(edge.source, name)
            if way:
                found.append((*way, name))
        return sorted(found, key=lambda way: (len(way), way))[:MOST_WAYS]

    def _way_to(self, name: str, without: str) -> tuple[str, ...]:
        before: dict[str, str] = {root: "" for root in self.roots if root != without}
        todo = deque(before)
        while todo:
            here = todo.popleft()
            if here == name:
                way = [here]
                while before[way[0]]:
                    way.insert(0, before[way[0]])
                return tuple(way)
            for edge in self.needs[here]:
                if edge.target != without and edge.target not in before:
                    before[edge.target] = here
                    todo.append(edge.target)
        return ()


@dataclass(frozen=True)
class Metadata:
    """What a distribution's METADATA says of others."""

    requires: tuple[Requirement, ...]

    @classmethod
    def parse(cls, content: bytes) -> Metadata:
        """Read Requires-Dist; a line that is no requirement is left out."""
        found = []
        message = email.message_from_bytes(content)
        for line in message.get_all("Requires-Dist") or ():
            try:
                found.append(Requirement(str(line)))
            except InvalidRequirement:
                continue
        return cls(tuple(found))


def of(
    names: Iterable[str],
    asked: Iterable[Requirement],
    metadata: Mapping[str, Metadata],
    target: Target,
) -> Graph:
    """Return the graph of what is there.

    ``asked`` are the layer's own requirements. What none of them leads to is a root, too.
    """
    there = tuple(sorted(names))
    world = environment(target)
    extras: dict[str, set[str]] = {name: set() for name in there}
    roots: list[str] = []
    for requirement in asked:
        name = str(canonicalize_name(requirement.name))
        if name in extras and _holds(requirement.marker, world, ""):
            roots.append(name)
            extras[name] |= {str(canonicalize_name(extra)) for extra in requirement.extras}
    edges = _edges(there, extras, metadata, world)
    graph = Graph(there, tuple(dict.fromkeys(roots)), edges)
    while lost := set(there) - graph.reached(graph.roots):
        # Of those that need each other in a circle, the first one.
        free = [n for n in sorted(lost) if not any(e.source in lost for e in graph.needed_by[n])]
        graph = Graph(there, (*graph.roots, *(free or sorted(lost)[:1])), edges)
    return graph


def _edges(
    there: tuple[str, ...],
    extras: dict[str, set[str]],
    metadata: Mapping[str, Metadata],
    world: Mapping[str, str],
) -> tuple[Edge, ...]:
    """Follow requirements until no more extras come in."""
    edges: dict[tuple[str, str], Edge] = {}
    todo = deque(there)
    while todo:
        name = todo.popleft()
        for requirement in metadata[name].requires if name in metadata else ():
            other = str(canonicalize_name(requirement.name))
            extra = _brought_by(requirement.marker, world, extras[name])
            if other not in extras or extra is None:
                continue
            if (name, other) not in edges or (edges[name, other].extra and not extra):
                edges[name, other] = Edge(name, other, _said(requirement), extra)
            more = {str(canonicalize_name(item)) for item in requirement.extras} - extras[other]
            if more:
                extras[other] |= more
                todo.append(other)
    return tuple(edge for edge in edges.values() if edge.source != edge.target)


def _brought_by(marker: Marker | None, world: Mapping[str, str], extras: set[str]) -> str | None:
    """Return the extra that makes a requirement hold, "" when it holds anyhow, else None."""
    if _holds(marker, world, ""):
        return ""
    return next((extra for extra in sorted(extras) if _holds(marker, world, extra)), None)


def _holds(marker: Marker | None, world: Mapping[str, str], extra: str) -> bool:
    try:
        return marker is None or marker.evaluate({**world, "extra": extra})
    except (UndefinedComparison, UndefinedEnvironmentName, InvalidVersion):
        # uv has resolved it; what the marker means cannot be said here.
        return not extra


def _said(requirement: Requirement) -> str:
    extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
    return f"{requirement.name}{extras}{requirement.specifier}"


def environment(target: Target) -> dict[str, str]:
    """Return the markers' variables for a runtime of Lambda (PyPA, "Dependency specifiers")."""
    return {
        "implementation_name": "cpython",
        "implementation_version": f"{target.python}.0",
        "os_name": "posix",
        "platform_machine": ARCHITECTURES[target.architecture].machine,
        "platform_python_implementation": "CPython",
        "platform_release": "",
        "platform_system": "Linux",
        "platform_version": "",
        "python_full_version": f"{target.python}.0",
        "python_version": target.python,
        "sys_platform": "linux",
    }


def metadata_of(found: Iterable[Distribution], texts: Mapping[str, bytes]) -> dict[str, Metadata]:
    """Return the metadata of distributions from their METADATA files, by name."""
    return {d.name: Metadata.parse(texts.get(f"{d.info}/METADATA", b"")) for d in found}
