"""The report's page in a real browser: on a telephone and a desktop, in light and in dark.

Needs Playwright and a browser: `pip install playwright`, and `apt install chromium` or
`python -m playwright install chromium`.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from regkit.comparison import page
from regkit.comparison.statistics import analysis
from regkit.comparison.statistics.ranks import rank
from tests.comparison.records import EFFECTS, record

playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


def installed_browser() -> str | None:
    """Return the path of the system's browser, or of the one that Playwright has downloaded."""
    of_system = next(filter(None, map(shutil.which, BROWSERS)), None)
    if of_system:
        return of_system
    with playwright.sync_playwright() as running:
        downloaded = running.chromium.executable_path
    return downloaded if Path(downloaded).exists() else None


BROWSER = installed_browser()
pytestmark = [
    pytest.mark.backend_free,
    pytest.mark.skipif(BROWSER is None, reason="no browser: apt install chromium"),
]

LOOK = Path(__file__).with_name("look.js").read_text("utf-8")
SIZES = {"telephone": (390, 844), "desktop": (1280, 800)}
LONG = "elastic_distortion(34, sigma=5.0, relative_to=28) + dropout(0.5) + label_smoothing(0.1)"


def one() -> str:
    given = record(arms=[*EFFECTS, LONG], without=["label_smoothing(0.1)"])
    return page.render(given, analysis.summarize(given))


def several() -> str:
    found = [record(name=name, n_splits=3, epochs=5, fixed_test=True, task=task)
             for name, task in (("digits", "classification"), ("diabetes", "regression"))]  # fmt: skip
    scores = {arm: [0.9 + EFFECTS[arm][0] + k / 100 for k in range(2)] for arm in EFFECTS}
    ranking = rank({"baseline": [0.9, 0.91], **scores}, "baseline")
    both = [(given, analysis.summarize(given)) for given in found]
    return page.overview(both, ["digits/report.html", "diabetes/report.html"], ranking)


PAGES = {"one": one, "several": several}


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    for name, make in PAGES.items():
        (folder / f"{name}.html").write_text(make(), "utf-8")
    return {name: folder / f"{name}.html" for name in PAGES}


class Opened:
    """A page in the browser, with what it said and asked for."""

    def __init__(self, browser: Any, path: Path, size: str, scheme: str) -> None:
        width, height = SIZES[size]
        self.context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme
        )
        self.page = self.context.new_page()
        self.said: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(path.as_uri())
        # By the test's own hand: the page lets no other script run.
        self.page.evaluate(LOOK)

    def ask(self, code: str) -> Any:
        return self.page.evaluate(code)


@pytest.fixture(scope="module", params=["light", "dark"])
def scheme(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module", params=SIZES)
def size(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module", params=PAGES)
def opened(
    request: pytest.FixtureRequest, browser: Any, files: dict[str, Path], size: str, scheme: str
) -> Iterator[Opened]:
    found = Opened(browser, files[request.param], size, scheme)
    yield found
    found.context.close()


def test_it_is_silent_and_fetches_nothing(opened: Opened) -> None:
    assert opened.said == []
    assert [url for url in opened.asked if not url.startswith("data:")] == [opened.page.url]


def test_it_never_scrolls_sideways(opened: Opened) -> None:
    assert opened.ask("document.documentElement.scrollWidth <= innerWidth")
    assert opened.ask("look.outside()") == []


def test_every_text_stands_out(opened: Opened) -> None:
    """WCAG AA: 4.5 : 1, in the figures too, against what is really below."""
    overview = "several" in opened.page.url
    assert opened.ask("look.count()") > (60 if overview else 300)
    assert opened.ask("look.faint(4.5)") == []


def test_every_text_is_large_enough(opened: Opened) -> None:
    assert opened.ask("look.small(10)") == []


def test_no_text_of_a_figure_covers_another(opened: Opened) -> None:
    assert opened.ask("look.covered()") == []


def test_one_form_of_each_figure_is_shown(opened: Opened, size: str) -> None:
    shown = opened.ask("[...document.querySelectorAll('.wide')].map((e) => e.checkVisibility())")
    assert set(shown) == {size == "desktop"}
    other = opened.ask("[...document.querySelectorAll('.narrow')].map((e) => e.checkVisibility())")
    assert set(other) == {size == "telephone"}


def test_the_button_changes_light_and_dark(opened: Opened, scheme: str) -> None:
    def ground() -> int:
        return sum(
            opened.ask("getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)")
        )

    button, before = opened.page.locator("#theme"), ground()
    assert (before > 600) == (scheme == "light")
    assert button.inner_text() == ("Dark mode" if scheme == "light" else "Light mode")
    button.click()
    assert (ground() > 600) != (scheme == "light")
    assert button.inner_text() == ("Light mode" if scheme == "light" else "Dark mode")
    button.click()
    assert ground() == before


# -- once is enough ----------------------------------------------------------------------------


@pytest.fixture
def desktop(browser: Any, files: dict[str, Path]) -> Iterator[Opened]:
    found = Opened(browser, files["one"], "desktop", "light")
    yield found
    found.context.close()


def column(opened: Opened, index: int) -> list[str | None]:
    rows = f"[...document.querySelector('table').tBodies[0].rows].map((r) => r.cells[{index}].dataset.value ?? null)"
    found: list[str | None] = opened.ask(rows)
    return found


@pytest.mark.parametrize("key", ["click", "Enter", "Space"])
def test_a_head_sorts_numbers_both_ways(desktop: Opened, key: str) -> None:
    head = desktop.page.locator("table").first.locator("thead th").nth(2)
    assert head.inner_text().split() == ["Δ", "points"]
    before = column(desktop, 2)
    expected = sorted(float(value) for value in before if value is not None)
    assert any(value < 0 for value in expected)
    missing = [None] * before.count(None)  # the baseline, and what failed

    def press() -> list[float | None]:
        button = head.locator("button")
        button.click() if key == "click" else button.press(key)
        return [None if value is None else float(value) for value in column(desktop, 2)]

    assert head.get_attribute("aria-sort") is None
    assert press() == [*expected, *missing]
    assert head.get_attribute("aria-sort") == "ascending"
    assert press() == [*expected[::-1], *missing]
    assert head.get_attribute("aria-sort") == "descending"
    assert len(missing) == 2


def test_names_and_verdicts_sort_too(desktop: Opened) -> None:
    heads = desktop.page.locator("table").first.locator("thead th button")
    heads.first.click()
    names = column(desktop, 0)
    assert names[0] == "baseline"
    assert desktop.ask(f"{names}.every((n, i, all) => !i || all[i - 1].localeCompare(n) <= 0)")
    heads.last.click()
    words = desktop.page.locator("table").first.locator(".verdict").all_inner_texts()
    assert words[0] == "better"
    assert words[-1] == "failed"
    sorted_by = desktop.page.locator("table").first.locator("[aria-sort]")
    assert sorted_by.count() == 1


def test_the_results_can_be_downloaded(desktop: Opened, tmp_path: Path) -> None:
    with desktop.page.expect_download() as waiting:
        desktop.page.locator("button.download").click()
    assert waiting.value.suggested_filename == "results.json"
    waiting.value.save_as(tmp_path / "results.json")
    embedded = desktop.ask("document.getElementById('results').textContent")
    assert json.loads((tmp_path / "results.json").read_text()) == json.loads(embedded)


def test_a_script_in_a_name_does_not_run(browser: Any, tmp_path: Path) -> None:
    evil = "</script><img src=x onerror=alert(1)><script>alert(2)</script>"
    given = record(arms={evil: (0.03, 0.1, 1.0)}, name=evil, n_splits=2, epochs=2)
    (tmp_path / "evil.html").write_text(page.render(given, analysis.summarize(given)), "utf-8")
    found = Opened(browser, tmp_path / "evil.html", "telephone", "light")
    assert found.said == []
    assert found.ask("document.images.length") == 0
    assert evil in found.page.locator("h1").inner_text()
    found.context.close()


def test_it_prints_the_wide_figures_in_ink_on_white(browser: Any, files: dict[str, Path]) -> None:
    found = Opened(browser, files["one"], "telephone", "dark")
    found.page.emulate_media(media="print")
    assert found.ask("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert found.ask("document.querySelector('.wide').checkVisibility()")
    assert not found.page.locator("#theme").is_visible()
    found.context.close()


def test_a_fragment_stands_in_light_and_dark(browser: Any, tmp_path: Path) -> None:
    """In the colours of the notebook around it, whatever those of the system are."""
    given = record()
    part = page.fragment(given, analysis.summarize(given))
    for ink, ground in (("#111", "#fff"), ("#ddd", "#111")):
        around = f"<body style='color:{ink};background:{ground};--jp-layout-color0:{ground}'>{part}"
        (tmp_path / "cell.html").write_text(f"<!doctype html><meta charset=utf-8>{around}", "utf-8")
        found = Opened(browser, tmp_path / "cell.html", "desktop", "light")
        assert found.ask("look.faint(4.5)") == []
        assert found.said == []
        found.context.close()
