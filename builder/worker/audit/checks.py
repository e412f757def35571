"""The audit: whether Lambda can use these files, judged before anything is packed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Collection, Iterable, Mapping, Sequence

from ..contents import elf, runtime_libraries, starts
from ..contents.distributions import Distribution
from ..contents.files import LayerFile, names
from ..contents.native import Native, libraries_of
from ..contents.versions import normalized
from ..errors import BuildError
from ..log import counted, human
from ..request import Target

UNZIPPED_LIMIT = 262_144_000
"""Bytes a function and all its layers, five at most, may take unzipped (AWS Lambda developer guide,
"Lambda quotas")."""
IMAGE_LIMIT = 10 << 30
"""Bytes an image may take uncompressed, with its base (as above)."""
WARNING_SHARE = 0.8

GCC_VERSIONS = {
    "2.26": {"GLIBCXX": "3.4.24", "CXXABI": "1.3.11"},
    "2.34": {"GLIBCXX": "3.4.29", "CXXABI": "1.3.13"},
}
"""What libstdc++ offers beside each glibc: Amazon Linux 2 has GCC 7, Amazon Linux 2023 GCC 11 (the
release notes of both); the versions are those of GCC's manual, "ABI Policy and Guidelines"."""

BRING_LIBRARIES = 'name the system packages that have them (system_packages, and include = ["lib"])'
GPU = re.compile(r"(nvidia|cuda)-|triton( |$)")
"""Names of packages that only serve GPUs."""

TAGGED = re.compile(r"\.(cpython|pypy|graalpy|cp)[-\w]*\d[-\w]*\.so$")
"""The end of a module's name that says for which interpreter it is."""

SHOWN = 5
BOTO = ("boto3", "botocore")


def check_installed(
    wanted: Sequence[tuple[str, str]],
    found: Sequence[Distribution],
    root: Path,
    target: Target,
) -> None:
    """Refuse when a distribution that was asked for is not there, or not there whole."""
    installed = {distribution.name: distribution for distribution in found}
    present = names(root)
    for name, version in wanted:
        there = installed.get(name)
        if there is None or (version and normalized(there.version) != normalized(version)):
            raise BuildError(
                f"{name} {version} was installed and is not there",
                where=f"the files for {target}",
                expected=f"{name}-{version}.dist-info",
                fix="run the build again with debug_mode=true and look at what uv says",
            )
        missing = [file for file in there.files if file not in present]
        if missing:
            raise BuildError(
                f"{name} {there.version} lacks {counted(len(missing), 'file')}",
                where=", ".join(missing[:SHOWN]),
                expected="every file of its RECORD",
                fix="another package may have replaced them; look for two packages that bring the "
                "same module",
            )


def check_places(files: Sequence[LayerFile], prefixes: Collection[str]) -> None:
    """Refuse a layer without files, or with files where Lambda does not look for modules."""
    if not any(_is_module(file) for file in files):
        raise BuildError(
            "the layer would be empty",
            where=f"{counted(len(files), 'file')}, and no module among them",
            expected="at least one module below python/",
            fix="look at what the layer asks for, and at its exclude patterns",
        )
    allowed = tuple(prefix + "/" for prefix in prefixes)
    outside = [file.name for file in files if not file.name.startswith(allowed)]
    if outside:
        raise BuildError(
            f"{counted(len(outside), 'file')} where Lambda does not look for modules",
            where=", ".join(outside[:SHOWN]),
            expected=f"all files below {' or '.join(sorted(prefixes))}",
            fix="leave them out with the layer's exclude",
        )


def loadable(natives: Sequence[Native], target: Target) -> tuple[list[Native], list[str]]:
    """Return the files that the target can load, and notes on modules of other interpreters.

    (PEP 3149: CPython tries only suffixes with its own tag, with abi3, and without any.)
    """
    digits = target.python.replace(".", "")
    own_tag = f".cpython-{digits}-{target.machine}-linux-gnu.so"
    kept = []
    others: dict[str, list[str]] = {}
    for native in natives:
        if TAGGED.search(native.file.name) and not native.file.name.endswith(own_tag):
            others.setdefault(native.owner, []).append(native.file.name)
        else:
            kept.append(native)
    return kept, [
        f"{owner or 'no package'}: {counted(len(files), 'module')} for another interpreter than "
        f"{target}, which never loads {'it' if len(files) == 1 else 'them'}: {_shown(files)}"
        for owner, files in sorted(others.items())
    ]


def _shown(files: Sequence[str]) -> str:
    return ", ".join(files[:SHOWN]) + (" ..." if len(files) > SHOWN else "")


def check_native(natives: Sequence[Native], target: Target) -> list[str]:
    """Refuse compiled files that the runtime cannot load; return notes on doubtful ones."""
    fitting_owners = {native.owner for native in natives if native.elf.machine == target.machine}
    notes, wrong = [], []
    for native in natives:
        if native.elf.machine == target.machine:
            continue
        # Debuggers and drivers bring helpers for several machines beside the one that fits.
        if native.owner in fitting_owners and not native.is_extension:
            notes.append(f"{native.file.name} is for {native.elf.machine}, not {target.machine}")
        else:
            wrong.append(native)
    if wrong:
        raise BuildError(
            f"{_names(wrong)}: compiled files for another machine",
            where=_list(f"{n.file.name} is for {n.elf.machine}" for n in wrong),
            expected=f"{target.machine}, for {target}",
            fix="choose a version that has wheels for the target, or build on its architecture; "
            "files that are not needed can be left out with exclude",
        )
    _check_versions([n for n in natives if n.elf.machine == target.machine], target)
    return notes


def _check_versions(natives: Sequence[Native], target: Target) -> None:
    own_libraries = libraries_of(natives)
    offered = {"GLIBC": target.glibc}
    if "libstdc++.so.6" not in own_libraries:
        offered.update(GCC_VERSIONS.get(target.glibc, {}))
    newer = []
    for native in natives:
        for family, highest in offered.items():
            needed = native.elf.versions_of(family)
            if needed and elf.number(needed[-1]) > elf.number(highest):
                newer.append((native, f"{family} {needed[-1]}", f"{family} {highest}"))
    if newer:
        raise BuildError(
            f"{_names(native for native, _, _ in newer)}: compiled for a newer system than "
            f"{target} has",
            where=_list(f"{native.file.name} needs {needed}" for native, needed, _ in newer),
            expected=f"at most {', '.join(sorted({has for _, _, has in newer}))}",
            fix="choose a version that has manylinux wheels for the runtime, a newer runtime, or "
            "build on the runtime's own image",
        )


def check_libraries(
    natives: Sequence[Native], loaded: Collection[Path], target: Target
) -> list[str]:
    """Refuse compiled files that are used and need libraries that are not there.

    ``loaded`` are the files that importing the modules really loaded. What was not loaded may be an
    optional part: it becomes a note.
    """
    known = runtime_libraries.provided(target) | libraries_of(natives)
    used: list[tuple[Native, str]] = []
    unused: list[str] = []
    for native in natives:
        needed = native.elf.needed
        lacking = [n for n in needed if not runtime_libraries.is_provided(n, known)]
        if lacking:
            text = f"{native.file.name} needs {', '.join(lacking)}"
            if native.file.path in loaded:
                used.append((native, text))
            else:
                unused.append(text)
    if used:
        raise BuildError(
            f"{_names(native for native, _ in used)}: shared libraries that Lambda does not have",
            where=_list(text for _, text in used),
            expected="libraries that are in the layer or in Lambda's runtime",
            fix="choose a package that brings its libraries (psycopg2-binary instead of psycopg2, "
            f"opencv-python-headless instead of opencv-python), or {BRING_LIBRARIES}",
        )
    return [f"{text}, which Lambda does not have" for text in unused]


def check_size(
    files: Sequence[LayerFile],
    sizes: Mapping[str, int],
    limit: int = UNZIPPED_LIMIT,
) -> list[str]:
    """Refuse a layer that is too large for Lambda; return a warning from 80 percent on."""
    total = sum(file.size for file in files)
    if total <= limit * WARNING_SHARE:
        return []
    if total <= limit and limit == IMAGE_LIMIT:
        return [f"the packages take {human(total)} of the {human(limit)} of an image with its base"]
    if total <= limit:
        return [
            f"the layer takes {human(total)} of the {human(limit)} that a function may have with "
            f"all its layers, of which there are five at most; {human(limit - total)} are left "
            "for its code and its other layers"
        ]
    largest = sorted(files, key=lambda file: -file.size)[:SHOWN]
    is_image = limit == IMAGE_LIMIT
    whole = "an image with its base" if is_image else "a function with all its layers, five at most"
    others = "" if is_image else ", make two layers of it, or use a container image"
    raise BuildError(
        f"the {'image' if is_image else 'layer'} is too large: {total:,} bytes unzipped, "
        f"{total - limit:,} too many",
        where="largest packages: "
        + ", ".join(f"{name} {human(size)}" for name, size in by_size(sizes)[:SHOWN])
        + "\nlargest files:    "
        + _list(f"{file.name} {human(file.size)}" for file in largest),
        expected=f"at most {limit:,} bytes: {whole}",
        fix=_gpu_advice(sizes)
        + "leave out what is not needed (the layer's exclude: data, optional parts; slim: docs, "
        f"symbols){others}",
        settled=True,
    )


def _gpu_advice(sizes: Mapping[str, int]) -> str:
    """Name what only a GPU can use."""
    found = [name.split(" ")[0] for name, _ in by_size(sizes) if GPU.match(name)]
    if not found:
        return ""
    return (
        f"{', '.join(found[:SHOWN])} only serve GPUs, which Lambda does not have: take the build "
        "of the package that needs them for CPUs, or exclude them;\n"
    )


def notes_on_boto(sizes: Mapping[str, int]) -> list[str]:
    """Return a note when the layer brings what the runtime has already."""
    own = [name for name in BOTO if name in sizes]
    if not own:
        return []
    total = human(sum(sizes[name] for name in own))
    return [
        f"{' and '.join(own)} ({total}): Lambda's Python runtimes have "
        f"{'it' if len(own) == 1 else 'them'} too; the layer's own version is used (slim with boto "
        "leaves it out)"
    ]


def notes_on_boto_of_others(found: Sequence[Distribution]) -> list[str]:
    """Return a note for each distribution of another name that brings a module of the runtime."""
    return [
        f"{distribution.name} brings a module {name}, which is not the distribution {name}: "
        "functions get it in the place of the one that Lambda's Python runtimes have"
        for distribution in found
        for name in BOTO
        if distribution.name != name and f"{name}/__init__.py" in distribution.files
    ]


def notes_on_start(root: Path, found: Sequence[Distribution]) -> list[str]:
    """Return a note for each file that runs when Python starts."""
    notes = []
    for start in starts.read(root, found):
        who = start.package or "no package"
        if start.line:
            shown = f"{start.line!r}" + " and more" * start.more
            notes.append(f"{start.file} of {who} runs at every start of a function: {shown}")
        else:
            notes.append(
                f"{start.file} of {who} runs at every start of a Python that has it on its path"
            )
    return notes


def by_size(sizes: Mapping[str, int]) -> list[tuple[str, int]]:
    """Return packages with their sizes, the largest first."""
    return sorted(sizes.items(), key=lambda item: (-item[1], item[0]))


def _is_module(file: LayerFile) -> bool:
    inside_info = ".dist-info/" in file.name
    return file.name.endswith((".py", ".so", ".pyc")) and not inside_info


def _names(natives: Iterable[Native]) -> str:
    return ", ".join(sorted({native.owner or "files of no package" for native in natives}))


def _list(texts: Iterable[str]) -> str:
    lines = list(texts)
    more = [f"and {len(lines) - SHOWN} more"] if len(lines) > SHOWN else []
    return "\n".join([*lines[:SHOWN], *more])
