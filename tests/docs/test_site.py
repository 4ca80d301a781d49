"""The built site: every internal link leads somewhere, and a real browser shows the pages whole, wide and narrow.

`make docs` builds and then runs this. Elsewhere it is skipped where the site was not built or no Chromium is there.
"""

import json
import re
import shutil
import subprocess
import threading
from functools import partial
from html import unescape
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

SITE = Path(__file__).parents[2] / "docs" / "_build" / "html"
BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
WIDTHS = {"desktop": 1280, "phone": 390}
LOOKED_AT = ("index.html", "notebooks/01_first_look.html", "notebooks/03_gears.html", "api/ops.html", "tolerances.html")
LOOKED_AT += ("coming-from-keras.html", "guide/troubleshooting.html")

pytestmark = pytest.mark.skipif(not (SITE / "index.html").exists(), reason="the site is not built: make docs")
needs_browser = pytest.mark.skipif(BROWSER is None, reason="no Chromium: apt-get install chromium")


class Page(HTMLParser):
    """What a page offers to be linked to, what it links to, and its pictures."""

    def __init__(self, file):
        super().__init__()
        self.anchors, self.links, self.pictures = set(), [], []
        self.feed(file.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.anchors |= {attributes[key] for key in ("id", "name") if attributes.get(key)}
        if tag == "a" and attributes.get("href"):
            self.links.append(attributes["href"])
        if tag == "img":
            self.pictures.append(attributes)


@pytest.fixture(scope="module")
def pages():
    return {file: Page(file) for file in SITE.rglob("*.html") if "_static" not in file.parts}


def is_internal(link):
    parts = urlsplit(link)
    return not parts.scheme and not parts.netloc


def is_broken(file, link, pages):
    path, anchor = urlsplit(link).path, unquote(urlsplit(link).fragment)
    target = (file.parent / unquote(path)).resolve() if path else file
    if not target.is_file():
        return True
    return bool(anchor) and target in pages and anchor not in pages[target].anchors


def test_every_internal_link_leads_somewhere(pages):
    internal = [(file, link) for file, page in pages.items() for link in page.links if is_internal(link)]
    assert len(internal) > 1000
    broken = {f"{file.relative_to(SITE)}: {link}" for file, link in internal if is_broken(file, link, pages)}
    assert not broken


def test_no_page_tells_where_it_was_built(pages):
    for file in pages:
        assert str(Path.home()) + "/" not in file.read_text(encoding="utf-8"), file.name


def test_figures_are_shown_not_named(pages):
    for file in pages:
        assert "&lt;Figure size" not in file.read_text(encoding="utf-8"), file.name


def test_every_picture_is_there_and_has_words(pages):
    pictures = [(file, picture) for file, page in pages.items() for picture in page.pictures]
    assert len(pictures) > 20
    for file, picture in pictures:
        assert picture.get("alt"), f"{file.name}: {picture}"
        assert not is_internal(picture["src"]) or (file.parent / unquote(picture["src"])).is_file()


MEASURE = """
<iframe id="page" src="/{page}" width="{width}" height="900"></iframe>
<script>
document.getElementById("page").onload = event => {{
  const page = event.target.contentDocument, root = page.documentElement;
  const article = page.querySelector("article") || page.body;
  const wide = [...article.querySelectorAll("pre, table, img, h1")].filter(e => e.offsetWidth > {width});
  const facts = {{
    scroll: root.scrollWidth, title: page.title, text: article.innerText.length,
    images: page.images.length, broken: [...page.images].filter(i => i.complete && !i.naturalWidth).length,
    code: [...page.querySelectorAll("article pre")].map(e => parseFloat(getComputedStyle(e).fontSize)),
    wide: wide.map(e => e.outerHTML.slice(0, 80)), styles: page.styleSheets.length,
  }};
  document.body.setAttribute("data-facts", JSON.stringify(facts));
}};
</script>
"""


class Handler(SimpleHTTPRequestHandler):
    """The site, and for any page of it one that measures it in a frame of a given width."""

    def do_GET(self):
        asked = re.fullmatch(r"/measure/(\d+)/(.*)", self.path)
        if not asked:
            return super().do_GET()
        body = MEASURE.format(width=asked[1], page=asked[2]).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(body)
        return None

    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def address():
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=SITE))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def browse(url, profile):
    """The page's text after its scripts have run, as Chromium sees it."""
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--dump-dom"]
    options += [f"--user-data-dir={profile}", "--virtual-time-budget=8000", "--window-size=1400,1000", url]
    return subprocess.run([BROWSER, *options], capture_output=True, text=True, timeout=120, check=True).stdout


@needs_browser
@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
@pytest.mark.parametrize("page", LOOKED_AT)
def test_a_browser_shows_it_whole(address, page, width, tmp_path):
    seen = browse(f"{address}/measure/{width}/{page}", tmp_path)
    (facts,) = re.findall(r'data-facts="([^"]*)"', seen)
    facts = json.loads(unescape(facts))
    assert facts["scroll"] <= width, f"wider than the screen: {facts}"
    assert not facts["wide"]
    assert facts["broken"] == 0
    assert facts["styles"] > 0
    assert facts["text"] > 500
    assert all(11 <= size <= 20 for size in facts["code"])
