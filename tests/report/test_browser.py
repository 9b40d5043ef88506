"""The page in a browser: it draws, answers mouse and keyboard, fits a phone, asks for nothing."""

import re
import shutil

import pytest

from skrnn.report import report_html
from tests.report.conftest import MADE, with_model

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
QUIET = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)
DESKTOP = {"width": 1100, "height": 800}
PHONE = {"width": 360, "height": 740}

if CHROMIUM is None:
    pytest.skip("no Chromium is installed: apt-get install chromium", allow_module_level=True)


@pytest.fixture(scope="module")
def browser():
    """One browser for all tests."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=CHROMIUM, args=QUIET.split())
        yield started
        started.close()


@pytest.fixture(scope="module")
def files(tmp_path_factory, page, panel, nasty):
    """The pages as files."""
    folder = tmp_path_factory.mktemp("pages")
    pages = {
        "one": page,
        "panel": report_html(with_model(panel), made=MADE),
        "nasty": report_html(nasty, made=MADE),
    }
    for name, text in pages.items():
        (folder / f"{name}.html").write_text(text, encoding="utf-8")
    return {name: (folder / f"{name}.html").as_uri() for name in pages}


@pytest.fixture
def opened(browser, files):
    """Opens a page by name; what it says on the console and asks for is kept."""
    contexts = []

    def open_page(name="one", viewport=DESKTOP, **settings):
        contexts.append(browser.new_context(viewport=viewport, **settings))
        tab = contexts[-1].new_page()
        tab.said = []
        tab.asked = []
        tab.on("console", lambda message: tab.said.append(f"{message.type}: {message.text}"))
        tab.on("pageerror", lambda error: tab.said.append(str(error)))
        tab.on(
            "dialog",
            lambda dialog: (tab.said.append(f"dialog: {dialog.message}"), dialog.dismiss()),
        )
        tab.on("request", lambda request: tab.asked.append(request.url))
        tab.goto(files[name])
        tab.wait_for_selector("html[data-drawn]", timeout=20_000)
        return tab

    yield open_page
    for context in contexts:
        context.close()


def drawn(tab, chart):
    """What a chart shows now: names and colours of its lines."""
    return tab.evaluate(
        "(name) => document.querySelector(`div.chart[data-chart=${name}]`)"
        ".data.map((trace) => [trace.name, trace.line?.color ?? ''])",
        chart,
    )


def names_drawn(tab, chart):
    """The names of a chart's lines: fans, which are called by their share, are not among them."""
    return [name for name, _ in drawn(tab, chart) if not name.endswith("%")]


def switch(tab, scheme):
    """Change the reader's colours, and wait until the charts have theirs."""
    tab.emulate_media(color_scheme=scheme, media="screen")
    tab.evaluate(
        "() => new Promise((done) => { const look = () =>"
        " document.querySelector('#forecasts .chart').data[0].line.color"
        " === getComputedStyle(document.documentElement).getPropertyValue('--truth').trim()"
        " ? done() : requestAnimationFrame(look); look(); })"
    )


@pytest.fixture(scope="module")
def loaded(browser, files):
    """A page that has been opened once for many tests."""
    tab = browser.new_page(viewport=DESKTOP)
    tab.goto(files["one"])
    tab.wait_for_selector("html[data-drawn]", timeout=20_000)
    return tab


@pytest.fixture
def tab(loaded):
    """The page as it is at first: light, on a screen, with what is chosen then."""
    switch(loaded, "light")
    loaded.evaluate(
        "document.querySelectorAll('form').forEach((form) => {"
        "form.reset(); form.dispatchEvent(new Event('change', { bubbles: true })); })"
    )
    return loaded


@pytest.mark.parametrize("name", ["one", "panel", "nasty"])
def test_page_is_quiet_and_asks_for_nothing(opened, name):
    """The console stays empty, nothing runs that should not, and no request leaves the page."""
    tab = opened(name)

    assert tab.said == []
    assert [url for url in tab.asked if not url.startswith(("file:", "data:", "blob:"))] == []


def test_every_chart_is_drawn(tab):
    """Each chart has lines, or cells, in view."""
    charts = tab.locator("div.chart")
    shapes = [
        charts.nth(number).locator("path.js-line, path.point, .hm image").count()
        for number in range(charts.count())
    ]
    assert len(shapes) == 8
    assert all(shapes)


def test_every_chart_is_a_picture_with_words(tab):
    """Who cannot see a chart is told its finding."""
    charts = tab.locator("div.chart").all()

    words = [chart.locator("svg[role=img]").get_attribute("aria-label") for chart in charts]
    assert words == [chart.get_attribute("data-words") for chart in charts]


def test_models_are_chosen_by_mouse(tab):
    """A click on a model adds it to the forecasts, another takes it away."""
    assert names_drawn(tab, "forecasts") == ["truth", "naive", "linear"]

    tab.locator("#forecasts").get_by_label("gru").check()
    tab.locator("#forecasts").get_by_label("naive").uncheck()

    assert names_drawn(tab, "forecasts") == ["truth", "linear", "gru"]


def test_no_model_need_be_chosen(tab):
    """Without any model the chart is empty, and a click brings one back."""
    box = tab.locator("#leads").get_by_label("naive")
    for each in tab.locator("#leads input").all():
        each.uncheck()
    assert names_drawn(tab, "leads") == []

    box.check()

    assert names_drawn(tab, "leads") == ["naive"]


def test_models_are_chosen_by_keyboard(tab):
    """Tab reaches the models, and the space bar chooses them."""
    tab.locator("#forecasts select").focus()
    tab.keyboard.press("Tab")
    tab.keyboard.press("Tab")
    tab.keyboard.press("Space")
    tab.keyboard.press("Enter")

    assert names_drawn(tab, "forecasts") == ["truth", "naive", "seasonal", "linear"]


def test_folds_are_chosen_by_keyboard(tab):
    """Arrow keys change the fold, and with it the rows that are drawn; the last choice is all of
    them.
    """
    before = tab.evaluate("document.querySelector('#forecasts .chart').layout.xaxis.range[1]")

    tab.locator("#forecasts select").focus()
    tab.keyboard.press("ArrowDown")
    after = tab.evaluate("document.querySelector('#forecasts .chart').layout.xaxis.range[1]")
    tab.keyboard.press("End")

    assert after < before
    assert names_drawn(tab, "forecasts") == ["truth", "naive", "linear"] * 3


def test_series_of_a_panel_are_chosen(opened):
    """Another series changes the portrait and the average season, and leaves the forecasts as they
    are.
    """
    tab = opened("panel")
    values = "JSON.stringify(document.querySelector('div.chart[data-chart=%s]').data[0].y)"
    before = [tab.evaluate(values % chart) for chart in ("portrait", "profile", "forecasts")]

    tab.locator("#portrait").locator("select[name=series]").select_option("south")

    after = [tab.evaluate(values % chart) for chart in ("portrait", "profile", "forecasts")]
    assert [old == new for old, new in zip(before, after, strict=True)] == [False, False, True]


def test_what_follows_is_drawn_with_its_fan(opened):
    """Of the series that is chosen: two areas, the newest rows, and the forecast."""
    tab = opened("panel")

    tab.locator("#ahead select[name=series]").select_option("west")

    assert [name for name, _ in drawn(tab, "ahead")] == ["95 %", "80 %", "known", "naive"]
    assert tab.locator("#ahead path.js-fill").count() == 2


def test_zoom_stays_while_models_change(tab):
    """What the reader has zoomed to stays when a model is added."""
    reach = "document.querySelector('#forecasts .chart').layout.xaxis.range"
    box = tab.locator("#forecasts .nsewdrag").bounding_box()
    tab.mouse.move(box["x"] + 100, box["y"] + 50)
    tab.mouse.down()
    tab.mouse.move(box["x"] + 300, box["y"] + 60, steps=5)
    tab.mouse.up()
    tab.wait_for_timeout(100)
    zoomed = tab.evaluate(reach)

    tab.locator("#forecasts").get_by_label("gru").check()

    assert tab.evaluate(reach) == zoomed


def test_hover_tells_values(tab):
    """The pointer over the errors by lead tells them of all models."""
    tab.locator("#leads .nsewdrag").hover()
    legend = tab.wait_for_selector(
        "#leads .hoverlayer .legend", state="attached", timeout=5000
    ).text_content()

    assert all(f"{name} : " in legend for name in ("naive", "seasonal", "linear", "gru"))


@pytest.mark.parametrize("name", ["one", "panel", "nasty"])
def test_phone_needs_no_scrolling_sideways(opened, name):
    """On a phone nothing is wider than the screen, but what scrolls in a box of its own."""
    tab = opened(name, viewport=PHONE, is_mobile=True, has_touch=True)

    assert tab.evaluate("document.documentElement.scrollWidth") == 360
    wide = (
        "[...document.querySelectorAll('.chart svg.main-svg')]"
        ".map((svg) => svg.getBoundingClientRect().right)"
    )
    assert max(tab.evaluate(wide)) <= 360


def test_dark_and_light_differ(tab):
    """Page and charts follow the reader's colours, at once when these change."""
    look = "getComputedStyle(document.body).backgroundColor"
    light = tab.evaluate(look), drawn(tab, "forecasts")

    switch(tab, "dark")

    dark = tab.evaluate(look), drawn(tab, "forecasts")
    assert [name for name, _ in light[1]] == [name for name, _ in dark[1]]
    assert all(old != new for (_, old), (_, new) in zip(light[1], dark[1], strict=True))
    switch(tab, "light")
    assert drawn(tab, "forecasts") == light[1]


def test_text_has_contrast(tab):
    """Every text on the page stands out from what is behind it, in light and in dark."""
    for scheme in ("light", "dark"):
        switch(tab, scheme)

        faint = tab.evaluate(CONTRASTS)

        assert [each for each in faint if each["ratio"] < 4.5] == []


CONTRASTS = """() => {
  const part = (value) =>
    (value /= 255) <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  const light = (colour) => { const [r, g, b] = colour.match(/[\\d.]+/g).map(Number).map(part);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05; };
  const behind = (node) => { for (; node; node = node.parentElement) {
    const colour = getComputedStyle(node).backgroundColor;
    if (!/, 0\\)$/.test(colour)) return colour; }
    return getComputedStyle(document.body).backgroundColor; };
  const ratio = (a, b) => Math.max(light(a), light(b)) / Math.min(light(a), light(b));
  const nodes = [...document.querySelectorAll("body *")]
    .filter((node) => !node.closest("script, .modebar")
    && [...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim()));
  return nodes.map((node) => {
    const style = getComputedStyle(node), svg = node instanceof SVGElement;
    const colour = svg ? style.fill : style.color;
    return { text: node.textContent.slice(0, 30), ratio: ratio(colour, behind(node)) };
  });
}"""


def test_print_is_light_and_without_controls(tab):
    """Printed from the dark, the page has charts in ink on paper, and is as it was afterwards."""
    switch(tab, "dark")
    tab.evaluate(
        "addEventListener('beforeprint', () => "
        "{ window.seen = getComputedStyle(document.documentElement)"
        ".getPropertyValue('--truth') + document.querySelector('#forecasts "
        ".chart').data[0].line.color; })"
    )
    before = drawn(tab, "forecasts")

    document = tab.pdf(format="A4")

    assert document.startswith(b"%PDF")
    assert 3 <= len(re.findall(rb"/Type\s*/Page\b", document)) <= 12
    assert tab.evaluate("window.seen").replace(" ", "") == "#1a1a1a#1a1a1a"
    assert drawn(tab, "forecasts") == before
    tab.emulate_media(media="print")
    assert not tab.locator("details, input, .modebar").filter(visible=True).count()


def test_old_browsers_get_the_tables(browser, files):
    """A browser that cannot unpack the library says so in place of the charts."""
    tab = browser.new_page()
    tab.add_init_script("delete window.DecompressionStream")

    tab.goto(files["one"])

    tab.get_by_text("This browser cannot draw the chart").first.wait_for()
    tab.close()
