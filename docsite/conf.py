"""What Sphinx reads: how the pages become a site. It runs in an environment of its own."""

project = "Fast Lambda Layer"
copyright = "the authors of Fast Lambda Layer, Apache-2.0"  # noqa: A001 - Sphinx's name for it
extensions = ["myst_parser"]
root_doc = "index"
html_theme = "furo"
html_title = "Fast Lambda Layer"
html_show_sphinx = False
html_copy_source = False
# Words of the command line stand in sentences too: --release is no dash.
smartquotes = False
# Furo's own fonts and scripts alone: a reader's browser asks no other host for anything.
html_theme_options = {
    "navigation_with_keys": True,
    # 94 characters of code in a wide window, which the longest blocks have.
    "light_css_variables": {"code-font-size": "var(--font-size--small--3)"},
}
highlight_language = "none"
myst_heading_anchors = 4
myst_enable_extensions: list[str] = []
nitpicky = True
