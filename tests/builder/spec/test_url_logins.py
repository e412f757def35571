import pytest

from builder.spec.url_logins import login_in, variable_in


@pytest.mark.parametrize(
    "text",
    [
        "--index-url https://ci:hush@a.example/simple",
        "--index-url https://:hush@a.example/simple",
        "--index-url=http://token@a.example/simple",
        "web @ git+https://ghp_token@a.example/web",
        "web @ git+ssh://git:hush@a.example/web",
        'url = "https://ci:hush@a.example/simple"',
        "--index-url https://ci:${A}hush@a.example/simple",
        "-i HTTPS://ci:hush@a.example/",
        "-i Https://token@a.example/",
        "-i https://a.example/packages?token=hush",
        "x @ https://a.example/x.whl?a=b&X-Amz-Signature=aa#sha256=bb",
        "x @ https://git@a.example/x?access_key=hush",
    ],
)
def test_a_password_or_a_token_in_a_url_is_found_with_its_host(text: str) -> None:
    assert login_in(f"first line\n{text}\nlast line") == "a.example"


@pytest.mark.parametrize(
    "text",
    [
        "--index-url https://a.example/simple",
        "--index-url https://${USER}:${PASSWORD}@a.example/simple",
        "--index-url https://ci:${PASSWORD}@a.example/simple",
        "web @ git+ssh://git@a.example/web@main",
        "web @ git+https://git@a.example/web",
        "web @ git+https://a.example/web@v1.0",
        "mail me@a.example, see https://a.example/@me",
        "web @ file:///a/b@c/web.whl",
        "x @ git+https://a.example/x?rev=main&subdirectory=token#egg=x",
        "x @ https://a.example/x.whl#sha256=aa",
        "-i https://a.example/packages?token=${TOKEN}",
        "see https://a.example/?author=me&q=token",
    ],
)
def test_what_is_no_password_is_left_alone(text: str) -> None:
    assert login_in(text) is None


@pytest.mark.parametrize(
    ("line", "variable"),
    [
        ("x @ https://a.example/${HOME}/x.whl", "${HOME}"),
        ("-i https://${HOST}/packages", "${HOST}"),
        ("-i https://${USER}:${PASSWORD}@a.example/${X}", "${X}"),
        ("-i https://${USER}:${PASSWORD}@a.example/packages", None),
        ("x==1.0  # costs $5 {a}", None),
    ],
)
def test_a_variable_counts_outside_of_a_login(line: str, variable: str | None) -> None:
    assert variable_in(line) == variable
