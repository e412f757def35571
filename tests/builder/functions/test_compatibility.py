from typing import Any

import pytest

from builder.aws.functions import Function, LayerUse
from builder.errors import LayerError
from builder.functions.compatibility import refuse, refuse_region, warning
from builder.spec.runtimes import UNZIPPED_LIMIT, Target

ARN = "arn:aws:lambda:eu-west-1:123456789012:layer"
WEB, OURS, THEIRS = f"{ARN}:app-web:2", f"{ARN}:app-core:7", f"{ARN}:theirs:1"
TARGETS = (Target("3.12", "arm64"), Target("3.13", "arm64"))


def function_of(**fields: Any) -> Function:
    defaults = {
        "name": "f",
        "arn": "arn:aws:lambda:eu-west-1:123456789012:function:f",
        "runtime": "python3.13",
        "architecture": "arm64",
    }
    return Function(**{**defaults, **fields})


def sizes(**known: int) -> Any:
    names = {WEB: "web", OURS: "ours", THEIRS: "theirs"}
    return lambda arn: known.get(names[arn])


def test_any_target_of_the_layer_will_do() -> None:
    for runtime in ("python3.12", "python3.13"):
        refuse(function_of(runtime=runtime), [WEB], TARGETS, sizes())


@pytest.mark.parametrize(
    "wrong",
    [
        {"runtime": "python3.11"},
        {"runtime": "nodejs22.x"},
        {"runtime": "provided.al2023"},
        {"architecture": "x86_64"},
        {"package": "Image", "runtime": ""},
    ],
)
def test_what_the_layer_is_not_built_for_is_refused_with_a_fix(wrong: dict[str, str]) -> None:
    with pytest.raises(LayerError) as caught:
        refuse(function_of(**wrong), [WEB], TARGETS, sizes())

    assert caught.value.where.endswith(":function:f")
    assert caught.value.expected
    assert caught.value.fix


def test_five_layers_are_enough() -> None:
    five = [WEB, *(f"{ARN}:l{number}:1" for number in range(4))]
    refuse(function_of(), five, TARGETS, lambda _arn: None)
    with pytest.raises(LayerError, match="it has 5 other layers already"):
        refuse(function_of(), [*five, OURS], TARGETS, lambda _arn: None)


def test_layers_of_ours_that_are_too_big_together_are_refused() -> None:
    exactly = sizes(web=UNZIPPED_LIMIT - 1000, ours=1000)
    refuse(function_of(), [WEB, OURS], TARGETS, exactly)

    with pytest.raises(LayerError, match="alone have 262,144,001 bytes unzipped"):
        refuse(function_of(), [WEB, OURS], TARGETS, sizes(web=UNZIPPED_LIMIT - 1000, ours=1001))


def test_zipped_sizes_of_others_never_refuse_because_they_prove_nothing() -> None:
    heavy = function_of(
        zipped_size=200_000_000, layers=(LayerUse(WEB), LayerUse(THEIRS, 100_000_000))
    )
    refuse(heavy, [WEB, THEIRS], TARGETS, sizes(web=1000))

    assert warning(heavy, [WEB, THEIRS], sizes(web=1000)) == (
        "1,000 bytes unzipped, and zipped 300,000,000 of its code and 1 other layers, "
        "whose unzipped size Lambda does not show; the limit is 262,144,000 unzipped"
    )


def test_the_version_that_is_replaced_does_not_count() -> None:
    old = f"{ARN}:app-web:1"
    small = function_of(zipped_size=1000, layers=(LayerUse(old, 200_000_000),))

    assert warning(small, [WEB], sizes(web=100_000_000)) == ""


def test_a_region_can_only_be_wrong_in_an_arn() -> None:
    refuse_region("f", WEB)
    refuse_region("arn:aws:lambda:eu-west-1:123456789012:function:f", WEB)
    with pytest.raises(LayerError, match="it is in eu-west-2 and the layer in eu-west-1"):
        refuse_region("arn:aws:lambda:eu-west-2:123456789012:function:f", WEB)
