"""The page of a report in a real Chromium: off the network, by day and by night, on a phone and on paper."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.tools.browser import Site, chromium, require_browser
from tests.unit.ui import hostile
from tests.unit.ui.hostile import NOON
from wizard.events.period import Period
from wizard.events.report import collected
from wizard.ui.report_page import Head, page

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("report page")]

PHONE = 360
# WCAG 2.2: text (1.4.3) and graphics (1.4.11).
CONTRAST_OF_TEXT, CONTRAST_OF_BARS = 4.5, 3.0
# Every text and every bar with its colour and the one behind it.
COLOURS = """
    const behind = (element) => {
      for (let at = element; at; at = at.parentElement) {
        const colour = getComputedStyle(at).backgroundColor;
        if (!/^rgba\\(.*, 0\\)$/.test(colour)) return colour;
      }
    };
    const texts = [...document.querySelectorAll("body *")].filter((element) =>
      [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim()));
    const visible = texts.filter((element) => element.checkVisibility() && !element.closest("svg"));
    const bars = [...document.querySelectorAll("svg.bars [class^=name]")];
    return {
      texts: visible.map((one) => [getComputedStyle(one).color, behind(one)]),
      bars: bars.map((one) => [getComputedStyle(one).fill, behind(one)]),
      back: behind(document.body),
    };
"""
# What stands further right than the window ends.
OUTSIDE = """
    return [...document.querySelectorAll("body *")]
      .filter((element) => element.checkVisibility())
      .filter((element) => element.getBoundingClientRect().right > arguments[0] + 1)
      .map((element) => element.outerHTML.slice(0, 80));
"""
DANGEROUS = "script, img, iframe, object, embed, link, a, base, form, image, [onerror], [onload], [style]"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    require_browser()
    with chromium(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """Whom the hostile events would like to be asked."""
    opened = Site()
    yield opened
    opened.close()


@pytest.fixture
def driver(browser: Any, site: Site, tmp_path: Path) -> Iterator[Any]:
    """The browser with a page of hostile events, which it opens from a file and without a network."""
    head = Head(hostile.attacks(site.origin)[0], "here", site.origin, Period(), NOON, notes=["A note."])
    file = tmp_path / "report.html"
    report = collected(hostile.events(site.origin))
    file.write_text(page(head, report, hostile.refused(site.origin)), encoding="utf-8")
    command = browser.execute_cdp_cmd
    command("Network.enable", {})
    offline = {"offline": True, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
    command("Network.emulateNetworkConditions", offline)
    browser.get(file.as_uri())
    yield browser
    command("Network.emulateNetworkConditions", {**offline, "offline": False})
    command("Emulation.setEmulatedMedia", {"media": "", "features": []})
    command("Emulation.clearDeviceMetricsOverride", {})


def prefer(driver: Any, scheme: str) -> None:
    feature = {"name": "prefers-color-scheme", "value": scheme}
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})


def contrast(front: str, back: str) -> float:
    """By WCAG's formula, of two colours as CSS writes them."""

    def luminance(colour: str) -> float:
        parts = [int(part) / 255 for part in colour.strip("rgb()").split(", ")]
        red, green, blue = (
            part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
        )
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    darker, lighter = sorted((luminance(front), luminance(back)))
    return (lighter + 0.05) / (darker + 0.05)


def test_what_strangers_sent_runs_nothing_and_asks_nobody_for_anything(driver: Any, site: Site) -> None:
    driver.execute_script("for (const closed of document.querySelectorAll('details')) closed.open = true")

    assert driver.execute_script("return [typeof window.ran, location.protocol]") == ["undefined", "file:"]
    assert driver.find_elements("css selector", DANGEROUS) == []
    assert driver.execute_script("return performance.getEntriesByType('resource').length") == 0
    assert site.asked == []
    text = driver.find_element("tag name", "body").get_attribute("textContent")
    for attack in hostile.attacks(site.origin)[:8]:
        assert attack[:100] in text


def test_the_page_forbids_what_its_escaping_would_let_through(driver: Any, site: Site) -> None:
    """Were a text written as it is, one day, the policy of the page would hold."""
    driver.execute_script(
        """
        const added = document.createElement("div");
        added.innerHTML = "<img src=" + arguments[0] + "/img onerror='window.ran = 1'>";
        const script = document.createElement("script");
        script.textContent = "window.ran = 1";
        document.body.append(added, script);
        """,
        site.origin,
    )

    refused = driver.execute_async_script(
        """
        const [url, done] = arguments;
        fetch(url).then(() => done("sent"), (error) => done(error.name));
        """,
        site.origin,
    )
    assert refused == "TypeError"
    assert driver.execute_script("return typeof window.ran") == "undefined"
    assert site.asked == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_by_day_and_by_night_everything_can_be_told_from_what_is_behind_it(driver: Any, scheme: str) -> None:
    prefer(driver, scheme)

    found = driver.execute_script(COLOURS)

    assert len(found["texts"]) > 50
    assert len(found["bars"]) >= len(hostile.attacks("")) - 1
    assert min(contrast(*pair) for pair in found["texts"]) >= CONTRAST_OF_TEXT
    assert min(contrast(*pair) for pair in found["bars"]) >= CONTRAST_OF_BARS
    assert (contrast(found["back"], "rgb(0, 0, 0)") > 10) == (scheme == "light")


@pytest.mark.parametrize("width", [PHONE, 800, 1400])
def test_nothing_stands_beside_the_window_because_nobody_scrolls_sideways(driver: Any, width: int) -> None:
    size = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width == PHONE}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    driver.execute_script("for (const closed of document.querySelectorAll('details')) closed.open = true")

    assert driver.execute_script(OUTSIDE, width) == []
    assert driver.execute_script("return document.documentElement.scrollWidth") <= width


def test_on_paper_it_is_light_and_what_is_folded_up_is_there(driver: Any) -> None:
    prefer(driver, "dark")
    features = [{"name": "prefers-color-scheme", "value": "dark"}]
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print", "features": features})

    assert driver.execute_script("return getComputedStyle(document.documentElement).backgroundColor") == (
        "rgb(255, 255, 255)"
    )
    properties = (
        "return [...document.querySelectorAll('td details ul')].map((list) => list.checkVisibility())"
    )
    assert set(driver.execute_script(properties)) == {True}
    printed = base64.b64decode(driver.execute_cdp_cmd("Page.printToPDF", {})["data"])
    assert printed.startswith(b"%PDF-")
