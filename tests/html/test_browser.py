"""The page in headless Chromium: it opens without a word on the console, fits a phone, and shows what is clicked or typed for."""

import re
import shutil

import pytest

webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed: pip install selenium")

from selenium.webdriver.common.by import By  # noqa: E402 (behind the question whether it is there)
from selenium.webdriver.common.keys import Keys  # noqa: E402
from selenium.webdriver.support.wait import WebDriverWait  # noqa: E402

from emu.html.sides import read_sides  # noqa: E402
from emu.html.write import page_of  # noqa: E402

CHROMIUM, DRIVER = (shutil.which(name) for name in ("chromium", "chromedriver"))
pytestmark = pytest.mark.skipif(
    not (CHROMIUM and DRIVER), reason="no Chromium here: apt-get install chromium chromium-driver (Debian), both on the PATH"
)
WAIT_SECONDS = 60


@pytest.fixture(scope="module")
def browser():
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    yield driver
    driver.quit()


def opened(browser, page, width=1200, scheme="light"):
    """The page, drawn, on a screen of that width; nothing may be said on the console."""
    metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    scheme = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", scheme)
    browser.get(page.as_uri())
    WebDriverWait(browser, WAIT_SECONDS).until(lambda each: each.execute_script("return document.documentElement.dataset.ready"))
    assert browser.get_log("browser") == []
    return browser


def details(browser):
    return browser.find_element(By.ID, "details").text


def click(browser, side, cycle, kind, core="undefined"):
    """Click where something is drawn: the row of the lock that was waited for most, or of a core."""
    x, y = browser.execute_script(
        f"""
        const view = page.views[{side}], box = view.canvas.getBoundingClientRect();
        const row = view.rows.find((each) => each.kind === "{kind}" && each.core === {core});
        view.canvas.scrollIntoView({{block: "center"}});
        const now = view.canvas.getBoundingClientRect();
        return [now.left + view.xAt({cycle}, page.place), now.top + row.y + row.height / 2];
        """
    )
    for event in ("mousePressed", "mouseReleased"):
        browser.execute_cdp_cmd("Input.dispatchMouseEvent", {"type": event, "x": x, "y": y, "button": "left", "clickCount": 1})


@pytest.mark.parametrize(("width", "scheme"), [(1200, "light"), (360, "light"), (360, "dark")])
def test_it_fits_its_screen_and_has_its_colours(browser, page, width, scheme):
    opened(browser, page, width, scheme)
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    ground = browser.execute_script("return getComputedStyle(document.body).backgroundColor")
    pixel = browser.execute_script(
        "const view = page.views[0]; return [...view.context.getImageData(2, view.canvas.height - 2, 1, 1).data].slice(0, 3)"
    )
    assert [int(each) for each in re.findall(r"\d+", ground)] == pixel
    assert (max(pixel) < 80) == (scheme == "dark")
    heads = [each.text for each in browser.find_elements(By.CSS_SELECTOR, "figcaption")]
    assert heads == ["baseline", "wakeq"]


def test_a_click_on_a_hold_shows_its_place_its_waiters_and_its_lines(browser, page, sides):
    opened(browser, page)
    hold = browser.execute_script(
        """
        const { run } = page.views[0], track = run.locks[0], { holds } = run;
        const waiters = (row) => run.waitsIn(track, holds.begin[row], holds.end[row]).length;
        const row = track.holds.find((each) => holds.wakeups[each] && waiters(each) > 1);
        page.select(page.views[0].hold(row), true);
        page.select(null, false);
        return {
          begin: holds.begin[row], end: holds.end[row], words: track.words, core: holds.core[row], task: run.task(holds.task[row]),
          fetched: holds.lines_to[row] - holds.lines_from[row], waiters: waiters(row),
          lines: run.linesOf(holds.core[row], holds.lines_from[row], holds.lines_to[row]).map((each) => each.count),
        };
        """
    )
    assert details(browser).startswith("Nothing is selected yet")
    click(browser, 0, (hold["begin"] + hold["end"]) / 2, "hold")
    text = details(browser)
    assert f"baseline: {hold['words']} held by {hold['task']} on core {hold['core']}" in text
    assert f"{hold['end'] - hold['begin']:,} cycles, from {hold['begin']:,} to {hold['end']:,}" in text
    assert re.search(r"taken in\s+do_msgsnd\+0x", text)
    assert re.search(r"wakeups made under it\s+1\b", text)
    waiters, lines = browser.find_elements(By.CSS_SELECTOR, "#details table")
    assert (waiters.text.split("\n")[0], lines.text.split("\n")[0]) == ("Waiters", "Lines fetched")
    assert len(waiters.find_elements(By.CSS_SELECTOR, "tbody tr")) == hold["waiters"]
    times = [int(row.find_element(By.TAG_NAME, "td").text) for row in lines.find_elements(By.CSS_SELECTOR, "tbody tr")]
    assert times == hold["lines"][:12]
    assert sum(hold["lines"]) == hold["fetched"] > 12
    browser.find_element(By.CSS_SELECTOR, "#details table button").click()
    assert re.search(r"waits for q_perm.lock of \S+\n", details(browser))
    assert "Held meanwhile by" in details(browser)


def test_a_click_on_a_core_shows_what_it_does(browser, page):
    opened(browser, page)
    piece = browser.execute_script(
        """
        const { run, message } = page.views[1], at = (run.messages.begin[message] + run.messages.end[message]) / 2;
        const row = run.sliceAt(2, at), { begin, state } = run.cores[2].slices;
        return { at, begin: begin[row], end: run.sliceEnd(2, row), state: STATES[state[row] - 1] };
        """
    )
    click(browser, 1, piece["at"], "core", core=2)
    assert re.match(rf"wakeq: \S+ on core 2: {piece['state']}\n", details(browser))
    assert f"from {piece['begin']:,} to {piece['end']:,}" in details(browser)


def test_one_run_and_one_without_messages_are_pages_too(browser, made, tmp_path):
    """As of a real kernel, whose trace says nothing of messages."""
    side = read_sides([made[1].trace], lambda done, total: None)[0]
    for name, spans in (("messages", side.timeline.spans), ("none", [])):
        side.timeline.spans = spans
        path = tmp_path / f"{name}.html"
        path.write_text(page_of([side]), encoding="utf-8")
        opened(browser, path)
        assert len(browser.find_elements(By.TAG_NAME, "canvas")) == 1
        assert bool(browser.find_elements(By.ID, "message")) == bool(spans)
        browser.find_element(By.TAG_NAME, "canvas").send_keys("n", "]")
        assert "held by" in details(browser)
        assert not browser.find_element(By.ID, "changes").is_displayed()


def test_keys_go_from_hold_to_hold_and_from_message_to_message_on_both_sides(browser, page):
    opened(browser, page)
    browser.find_element(By.TAG_NAME, "canvas").send_keys("n")
    first = details(browser)
    assert "held by" in first
    browser.find_element(By.TAG_NAME, "canvas").send_keys("n")
    second = details(browser)
    assert second != first
    browser.find_element(By.TAG_NAME, "canvas").send_keys("p")
    assert details(browser) == first
    where = """const numbers = page.views.map((view) => view.run.messages.number[view.message]);
               return [page.number, ...numbers, ...page.views.map((view) => view.anchor)]"""
    number, *_ = browser.execute_script(where)
    browser.find_element(By.TAG_NAME, "canvas").send_keys("]")
    after, of_a, of_b, *anchors = browser.execute_script(where)
    assert (after, of_a, of_b) == (number + 1, number + 1, number + 1)
    begins = browser.execute_script("return page.views.map((view) => view.run.messages.begin[view.message])")
    assert anchors == begins
    browser.find_element(By.TAG_NAME, "canvas").send_keys("0", "+", "-", Keys.ARROW_LEFT, Keys.ARROW_RIGHT, Keys.ESCAPE)
    assert details(browser).startswith("Nothing is selected yet")
    assert browser.get_log("browser") == []


def test_every_control_can_be_reached_by_tab_and_has_a_name(browser, page):
    opened(browser, page)
    names = browser.execute_script(
        """return [...document.querySelectorAll("button, select, input, canvas, summary, a, [tabindex='0']")].map((each) =>
             each.getAttribute("aria-label") || each.labels?.[0]?.textContent.trim() || each.textContent.trim())"""
    )
    assert len(names) > 20
    assert all(names)
    browser.find_element(By.TAG_NAME, "body").send_keys(Keys.TAB)
    assert browser.execute_script("return document.activeElement.className") == "skip"


def test_the_sums_that_the_script_makes_are_the_reports(browser, page, sides):
    opened(browser, page)
    for number, side in enumerate(sides):
        held, waited = browser.execute_script(
            f"""
            const {{ holds, locks }} = page.views[{number}].run, sum = (rows, of) => rows.reduce((all, row) => all + of(row), 0);
            const rows = locks.filter((track) => track.name === "q_perm.lock").flatMap((track) => track.holds);
            return [sum(rows, (row) => holds.end[row] - holds.begin[row]), sum(rows, (row) => holds.waited[row])];
            """
        )
        use = side.result.locks["q_perm.lock"]
        assert (held, waited) == (use.hold_cycles, use.wait_cycles)
