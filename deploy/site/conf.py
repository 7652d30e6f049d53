"""
The documentation as a web site: `make site`. The pages are those of the repository, where their links lead as they do
there; a link or an anchor that leads nowhere is an error.
"""

project = "autoconfig"
html_title = "autoconfig"
extensions = ["myst_parser"]
root_doc = "index"
exclude_patterns = ["deploy", "templates"]
html_theme = "furo"
html_copy_source = False
html_show_copyright = False
# Headings as GitHub and GitLab name them, so that the same anchors work there.
myst_heading_anchors = 4
# TOML, zone files and CSV have no lexer for everything that stands in them.
suppress_warnings = ["misc.highlighting_failure"]
