"""What is published of a layer, as a page and for machines."""

from __future__ import annotations

from typing import Any

from rich.markup import escape

from builder.layer.record import Release
from builder.operations.size_report import Published
from builder.report.size_page import render
from builder.report.sizes import SHOWN, bar, bar_columns
from builder.report.tables import megabytes, new_table, plural, release_fields, show, show_json
from builder.sizes.model import CLOSE, FITS, TOO_LARGE, WARNING_SHARE
from builder.spec.runtimes import IMAGE_LIMIT, UNZIPPED_LIMIT

KINDS = (
    ("sbom", "bill of materials (CycloneDX)"),
    ("licences", "licences"),
    ("licenses", "licences"),
    ("provenance", "provenance (SLSA)"),
    ("lock", "lock"),
    ("manifest", "manifest"),
)
"""What documents are, by how their names begin."""


def limit_of(release: Release) -> int:
    """Return the bytes that Lambda takes of a release, unzipped."""
    return IMAGE_LIMIT if release.image_uri else UNZIPPED_LIMIT


def verdict_of(size: int, limit: int = UNZIPPED_LIMIT) -> str:
    """Return what a size is against the limit."""
    if size > limit:
        return TOO_LARGE
    return CLOSE if size > limit * WARNING_SHARE else FITS


def show_published(found: Published) -> None:
    """Write the largest packages, what changed, and where the documents are."""
    release = found.release
    title = f"{escape(found.layer)}, version {release.version}"
    bars = bar_columns()
    table = new_table("package", "version", "unzipped", "licence", *bars, title=title)
    largest = sorted(found.packages, key=lambda package: -package.size)
    most = largest[0].size if largest else 0
    for package in largest[:SHOWN]:
        licence = found.licences.get((package.name, package.version), "")
        cells = [escape(package.name), escape(package.version), megabytes(package.size)]
        table.add_row(*cells, escape(licence), *(bar(package.size, most) for _ in bars))
    if rest := largest[SHOWN:]:
        table.add_row(f"{len(rest)} more", "", megabytes(sum(p.size for p in rest)))
    limit = limit_of(release)
    share = f"{release.unzipped_size / limit:.0%} of {limit:,}"
    show(table, f"{release.unzipped_size:,} bytes unzipped, {share}")
    if found.before is not None:
        changed = plural(len(found.changes), "package")
        show(f"since version {found.before.version}: {changed} changed")
    for name, url in found.documents.items():
        show(f"{kind_of(name)}: {escape(url)}")


def show_published_json(found: Published) -> None:
    """Write the same for machines."""
    show_json(
        {
            "layer": found.layer,
            "release": release_fields(found.release),
            "packages": [
                {
                    "name": p.name,
                    "version": p.version,
                    "unzipped_size": p.size,
                    "licence": found.licences.get((p.name, p.version)) or None,
                }
                for p in found.packages
            ],
            "before": release_fields(found.before) if found.before else None,
            "changes": _changes(found),
            "documents": dict(found.documents),
        }
    )


def published_page(found: Published) -> str:
    """Return the page of a release: the treemap of its packages, licences, changes, documents."""
    release = found.release
    limit = limit_of(release)
    share = f"{release.unzipped_size / limit:.0%} of {limit:,}"
    packages = [
        {
            "n": p.name,
            "v": p.version,
            "s": p.size,
            "l": found.licences.get((p.name, p.version), ""),
        }
        for p in found.packages
    ]
    label = f"version {release.version}"
    tree = {"n": label, "s": sum(p.size for p in found.packages)}
    target = {
        "label": label,
        "zip": False,
        "tree": {**tree, "c": [{"n": p["n"], "s": p["s"]} for p in packages]},
        "packages": packages,
    }
    return render(
        {
            "title": f"{found.layer}, version {release.version}",
            "verdict": verdict_of(release.unzipped_size, limit),
            "said": f"{release.unzipped_size:,} bytes unzipped, {share}; "
            f"{megabytes(release.zipped_size)} zipped; published {release.published_at}",
            "size": release.unzipped_size,
            "limit": limit,
            "notes": [release.address],
            "targets": [target],
            "advice": [],
            "changes": _changes(found),
            "links": [
                {"text": kind_of(name), "where": url, "href": url}
                for name, url in found.documents.items()
            ],
        }
    )


def kind_of(name: str) -> str:
    """Return what a document of a release is, with its name."""
    words = next((text for start, text in KINDS if name.startswith(start)), "document")
    return f"{words}, {name}"


def _changes(found: Published) -> list[dict[str, Any]]:
    return [
        {
            "kind": change.kind,
            "name": change.name,
            "before": change.before,
            "after": change.after,
            "by": change.size_after - change.size_before,
        }
        for change in found.changes
    ]
