"""What became of an image."""

from __future__ import annotations

from rich.markup import escape

from builder.operations.image import Image
from builder.report.tables import megabytes, plural, show, show_json


def show_image(image: Image) -> None:
    """Write what the image is called, and what is in it."""
    reference = image.pushed.reference
    if image.packed is None:
        show(f"there already, with the same packages and base: {escape(reference.tag)}")
    else:
        count = plural(len(image.packed.packages), "package")
        show(f"pushed: {count}, {megabytes(image.packed.size)} unzipped, on the base")
        for line in image.packed.notes:
            show(f"- {escape(line)}")
    show(f"base {escape(str(image.base.reference))}, {image.base.digest}")
    show(f"{escape(reference.name)}@{reference.digest}")


def show_image_json(image: Image) -> None:
    """Write the same for machines."""
    reference, packed = image.pushed.reference, image.packed
    show_json(
        {
            "image_uri": f"{reference.name}@{reference.digest}",
            "tag": reference.tag,
            "fingerprint": image.fingerprint,
            "base": f"{image.base.reference.name}@{image.base.digest}",
            "pushed": packed is not None,
            "packages": [
                {"name": name, "version": version, "unzipped_size": size}
                for name, version, size in (packed.packages if packed else ())
            ],
        }
    )
