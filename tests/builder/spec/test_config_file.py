from pathlib import Path

from builder.spec.config_file import find_config


def test_layers_toml_is_found_from_a_folder_below_it_in_the_repository(tmp_path: Path) -> None:
    below = tmp_path / "shop" / "src" / "web"
    below.mkdir(parents=True)
    (tmp_path / "layers.toml").write_text("# of another project\n")
    assert find_config(below) == Path("layers.toml")

    (tmp_path / "shop" / ".git").mkdir()
    assert find_config(below) == Path("layers.toml")
    (tmp_path / "shop" / "layers.toml").write_text("")
    assert find_config(below) == tmp_path / "shop" / "layers.toml"
    (below / "layers.toml").write_text("")
    assert find_config(below) == Path("layers.toml")
