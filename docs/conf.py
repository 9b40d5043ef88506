"""How Sphinx builds the documentation; nothing is fetched from a network."""

import re
from importlib.metadata import version as installed_version

project = "skrnn"
author = "skrnn developers"
copyright = "2026, skrnn developers"
release = version = installed_version("skrnn")

extensions = ["myst_parser", "numpydoc", "sphinx.ext.autodoc", "sphinx.ext.autosummary"]
exclude_patterns = ["_build"]
templates_path = ["_templates"]
myst_enable_extensions = ["colon_fence", "dollarmath"]
myst_heading_anchors = 3

# Each class has a page of its own where autodoc lists its members, so numpydoc has no table of them
# to add.
numpydoc_show_class_members = False
autodoc_default_options = {"member-order": "bysource"}

html_theme = "furo"
html_title = "skrnn"
html_copy_source = False


def skip_member(app, what, name, obj, skip, options):
    """Leave out the methods that scikit-learn generates: they refer to pages of its own docs."""
    return True if re.fullmatch(r"set_\w+_request|get_metadata_routing", name) else None


def setup(app):
    """Register the hook above."""
    app.connect("autodoc-skip-member", skip_member)
