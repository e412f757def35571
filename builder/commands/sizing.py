"""What the commands that predict sizes share: their options, and the prediction itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, wraps
from typing import Any

import click

from builder.commands.options import Setting
from builder.errors import LayerError
from builder.report import progress
from builder.sizes.advice import Advice, advise
from builder.sizes.asked import Asked, Changes, asked
from builder.sizes.model import FITS, LayerSize
from builder.sizes.predict import predict
from builder.sizes.substitute import tried
from builder.sizes.together import neighbours, together
from builder.spec.checks import SLIM
from builder.spec.runtimes import ARCHITECTURES, RUNTIMES


@dataclass(frozen=True)
class Question:
    """What is to be predicted."""

    words: tuple[str, ...]
    changes: Changes


def sizing_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options of a prediction, and hand them over as one ``question``."""

    @click.option(
        "--python", multiple=True, type=click.Choice(tuple(RUNTIMES)), help="For which runtimes."
    )
    @click.option(
        "--architecture",
        multiple=True,
        type=click.Choice(tuple(ARCHITECTURES)),
        help="On which architectures.",
    )
    @click.option(
        "--slim",
        metavar="OPTION,...",
        help="Slim options in place of the layer's own; an empty text for none.",
    )
    @click.option("--exclude", multiple=True, metavar="PATTERN", help="Leave out more.")
    @wraps(command)
    def wrapped(*rest: Any, **values: Any) -> None:
        slim = values.pop("slim")
        changes = Changes(
            values.pop("python"),
            values.pop("architecture"),
            None if slim is None else _slim(slim),
            values.pop("exclude"),
        )
        words = tuple(values.pop("words"))
        command(*rest, question=Question(words, changes), **values)

    return wrapped


def _slim(text: str) -> tuple[str, ...]:
    words = tuple(word.strip() for word in text.split(",") if word.strip())
    for word in words:
        if word not in SLIM:
            raise click.BadParameter(
                f"{word!r} is none of {', '.join(SLIM)}", param_hint="'--slim'"
            )
    return words


@dataclass(frozen=True)
class Predicted:
    """A layer as it was asked about, with its prediction."""

    asked: Asked
    size: LayerSize

    @cached_property
    def advice(self) -> tuple[Advice, ...]:
        """Return what can be done; lighter distributions are tried where that may help."""
        spec = self.asked.spec
        saved = {}
        if self.size.verdict != FITS:
            saved = tried(self.size, spec, self.asked.root, progress(spec.name))
        return advise(self.size, spec, saved)


def with_neighbours(setting: Setting, found: Sequence[Predicted]) -> list[Predicted]:
    """Return predictions in which the other layers of the functions named are counted.

    They are predicted too where they were not asked about; one that cannot be is not counted, and a
    note says so.
    """
    specs = [each.asked.spec for each in found]
    layers = setting.load().layers if any(spec.scope.named for spec in specs) else ()
    others, notes = {}, {}
    for spec in neighbours(specs, layers):
        say = progress(spec.name)
        say(f"counted in: {spec.name} has the same function")
        try:
            others[spec.name] = predict(spec, setting.config.parent.resolve(), say)
        except LayerError as error:
            notes[spec.name] = f"{spec.name}, for the same function, is not counted: {error.what}"
    counted = []
    for each in found:
        sizes = _beside(each.size, [one.size for one in found], others)
        functions = {spec.name: spec.scope.named for spec in (*layers, each.asked.spec)}
        mine = neighbours([each.asked.spec], [one for one in layers if one.name in notes])
        size = replace(
            each.size,
            shared=together(each.size.name, sizes, functions),
            notes=(*each.size.notes, *(notes[spec.name] for spec in mine)),
        )
        counted.append(replace(each, size=size))
    return counted


def _beside(
    layer: LayerSize, found: Sequence[LayerSize], others: Mapping[str, LayerSize]
) -> dict[str, int | None]:
    """Return the sizes of layers by name; of one asked about for several targets that for ours."""
    sizes: dict[str, int | None] = {name: other.size for name, other in others.items()}
    mine = {target.target for target in layer.targets}
    for other in found:
        if other.name not in sizes or mine & {target.target for target in other.targets}:
            sizes[other.name] = other.size
    return {**sizes, layer.name: layer.size}


def predictions(setting: Setting, question: Question) -> list[Predicted]:
    """Predict all that is asked for, with lines of progress on stderr."""
    layers = asked(question.words, setting.config, setting.load, question.changes)
    return [
        Predicted(each, predict(each.spec, each.root, progress(each.spec.name))) for each in layers
    ]
