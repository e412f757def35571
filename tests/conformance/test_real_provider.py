"""The real provider is the official one, and reaches nothing but loopback."""

from pathlib import Path

import pytest

from builder.errors import LayerError
from conformance import real_provider


def test_a_zip_with_another_hash_is_refused() -> None:
    with pytest.raises(LayerError, match="is not the official one") as caught:
        real_provider.verify(b"not the official zip")
    assert "4b75e0a259b5" in caught.value.expected


def test_proxies_that_lead_out_are_replaced_by_one_that_is_not_there() -> None:
    theirs = {"HTTPS_PROXY": "http://proxy.example", "no_proxy": "*", "ALL_PROXY": "x", "PATH": "p"}
    inside = real_provider.shut_in(theirs)
    assert inside["HTTPS_PROXY"] == inside["http_proxy"] == real_provider.CLOSED
    assert (inside["NO_PROXY"], inside["PATH"]) == ("127.0.0.1,localhost", "p")
    assert not {"no_proxy", "ALL_PROXY"} & set(inside)


def test_it_is_put_where_terraform_looks_and_left_there(tmp_path: Path) -> None:
    program = tmp_path / "terraform-provider-aws_v3.39.0_x5"
    program.write_bytes(b"program")
    for _ in range(2):
        real_provider.put_into(tmp_path / "mirror", program)
    home = tmp_path / "mirror/registry.terraform.io/hashicorp/aws/3.39.0/linux_amd64"
    (found,) = home.iterdir()
    assert found.read_bytes() == b"program"
    assert not found.is_symlink()
