"""How the site is built: Sphinx, pages in Markdown, notebooks run by the build, the reference from docstrings."""

import sys
from pathlib import Path

import arraynet

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "_ext"))

project = "arraynet"
author = "the arraynet developers"
copyright = author
html_title = f"arraynet {arraynet.__version__}"
html_short_title = "arraynet"

extensions = ["sphinx.ext.autodoc", "sphinx.ext.doctest", "numpydoc", "myst_nb", "sphinx_design", "generated"]
exclude_patterns = ["_build", "_ext"]
nitpicky = True
toc_object_entries_show_parents = "hide"
default_role = "code"

html_theme = "pydata_sphinx_theme"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_sidebars = {page: [] for page in ("index", "install", "quickstart", "coming-from-*")}  # no pages below them
html_theme_options = {
    "show_toc_level": 2,
    "header_links_before_dropdown": 4,
    "navigation_with_keys": False,
    "secondary_sidebar_items": ["page-toc"],
    "show_prev_next": True,
    "footer_start": ["copyright"],
    "footer_end": [],
}
html_show_sourcelink = False

autodoc_typehints = "none"
autodoc_member_order = "bysource"
numpydoc_show_class_members = False

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
nb_execution_mode = "cache"
nb_execution_cache_path = str(HERE / "_build" / "jupyter_cache")
nb_execution_timeout = 600
nb_execution_raise_on_error = True
nb_merge_streams = True

doctest_test_doctest_blocks = "default"
