from modules.layer.retention import fate_of_versions


def test_versions_that_are_deleted_come_with_the_way_to_keep_them() -> None:
    assert "terraform apply -var retain_versions=true" in fate_of_versions(retain=False)
    assert fate_of_versions(retain=True) == "the published versions stay"
    assert "${" in fate_of_versions("${var.retain}")
