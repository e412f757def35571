from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from tests.builder.aws.test_layers import archive

if TYPE_CHECKING:
    from mypy_boto3_lambda.type_defs import ListFunctionsResponseTypeDef

    from tests.embedded.conftest import Workshop


def test_all_lists_published_versions_beside_the_latest(workshop: Workshop) -> None:
    lambda_ = workshop.aws.client("lambda")
    name = f"{workshop.name}-listed"
    role = workshop.role(workshop.policy("logs:*"), {"Service": "lambda.amazonaws.com"})
    lambda_.create_function(
        FunctionName=name, Runtime="python3.12", Role=role, Handler="x.y",
        Code={"ZipFile": archive()},
    )  # fmt: skip
    lambda_.publish_version(FunctionName=name)

    def names(pages: Iterable[ListFunctionsResponseTypeDef]) -> list[str]:
        found = [config for page in pages for config in page["Functions"]]
        ours = [config for config in found if config["FunctionName"] == name]
        return [config["FunctionArn"].partition(f":function:{name}")[2] for config in ours]

    paginator = lambda_.get_paginator("list_functions")
    assert names(paginator.paginate()) == [""]
    assert names(paginator.paginate(FunctionVersion="ALL")) == [":$LATEST", ":1"]
