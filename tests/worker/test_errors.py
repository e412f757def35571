from builder.worker.errors import BuildError


def test_an_error_reads_as_one_block_with_its_parts_aligned() -> None:
    error = BuildError("it broke", where="here\nand there", expected="peace", fix="mend it")

    assert str(error).splitlines() == [
        "it broke",
        "  where:    here",
        "            and there",
        "  expected: peace",
        "  fix:      mend it",
    ]
