import pytest

from builder.worker.names import normalize


@pytest.mark.parametrize("name", ["Ruamel._.YAML", "ruamel-yaml", "RUAMEL.yaml", "ruamel__yaml"])
def test_names_compare_as_pep_503_says(name: str) -> None:
    assert normalize(name) == "ruamel-yaml"
