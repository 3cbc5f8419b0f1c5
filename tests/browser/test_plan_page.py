"""The plan's page in a real browser: filter it, follow testpoint, vector, rule, result, and read it."""

from __future__ import annotations

import json
import re

import pytest
from chromium import REMEDY, Page

from doorbell.needs import chromium
from doorbell_vectors.format.document import load
from doorbell_vectors.handoff.build import book
from doorbell_vectors.handoff.evidence import Places
from doorbell_vectors.handoff.page import page as page_of
from doorbell_vectors.player.options import suite_path

FAILING = "V0008"
MISSING = "V0016"
SHOWN = (
    "[...document.querySelectorAll('#{} tbody tr')].filter(row => !row.hidden).map(row => row.id)"
)
CONTRAST = """(() => {
  const parts = (text) => text.match(/[0-9.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((c) => c / 255)
    .map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const grounds = new Map([[null, [255, 255, 255]]]);
  const ground = (it) => {
    if (!grounds.has(it)) {
      const [r, g, b, a = 1] = parts(getComputedStyle(it).backgroundColor);
      grounds.set(it, a > 0 ? [r, g, b] : ground(it.parentElement));
    }
    return grounds.get(it);
  };
  const wanted = "h1, h2, p, a, small, code, .badge, thead th, td, label, input, select, button, output, summary";
  let worst = [99, ""];
  for (const it of document.querySelectorAll(wanted)) {
    if (!it.getClientRects().length) continue;
    const pair = [light(parts(getComputedStyle(it).color)), light(ground(it))].sort((a, b) => b - a);
    const ratio = (pair[0] + 0.05) / (pair[1] + 0.05);
    if (ratio < worst[0]) worst = [ratio, it.outerHTML.slice(0, 120)];
  }
  return worst;
})()"""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A plan with results of `made`: one vector fails, one was not played, all others pass."""
    folder = tmp_path_factory.mktemp("plan")
    suite = load(suite_path("directed"), trusted=True)
    results = [
        {"id": one.id, "verdict": "FAIL" if one.id == FAILING else "PASS", "hash": one.hash}
        | {"text": "<b>0x1</b> for 0x2" if one.id == FAILING else ""}
        for one in suite.vectors
        if one.id != MISSING
    ]
    facts = {"device": "made", "date": "2026-11-20", "results": results}
    (folder / "results.json").write_text(json.dumps(facts))
    found = book(Places(replays=[folder]))
    path = folder / "plan.html"
    path.write_text(page_of(found), encoding="utf-8")
    return found, path


@pytest.fixture(scope="module")
def browser(made):
    if chromium() is None:
        pytest.skip(REMEDY)
    with Page() as opened:
        yield opened


@pytest.fixture
def page(browser, made):
    """The page as when it has just been opened; loaded anew only when something was done to it."""
    browser.problems.clear()
    browser.requests.clear()
    browser.call("Emulation.setEmulatedMedia", features=[])
    if browser.opened != made[1]:
        browser.open(made[1])
    yield browser
    assert browser.problems == []
    assert set(browser.requests) <= {made[1].as_uri(), "data:,"}


def shown(page, table: str) -> list[str]:
    return page.run(SHOWN.format(table))


def seen(page, identifier: str) -> bool:
    return page.run(
        f"(() => {{ const box = document.getElementById('{identifier}').getBoundingClientRect();"
        "return box.height > 0 && box.top < innerHeight && box.bottom > 0; })()"
    )


def test_everything_is_there(page, made):
    trace = made[0].trace
    assert shown(page, "testpoints-table") == [point.id for point in trace.plan.testpoints]
    assert shown(page, "vectors-table") == [vector.id for vector in trace.suite.vectors]
    assert shown(page, "rules-table") == [row.rule for row in trace.rows]
    assert len(shown(page, "results-table")) == len(trace.suite.vectors)


def test_every_link_leads_to_the_one_that_has_its_id(page):
    assert (
        page.run(
            "[...document.querySelectorAll('a[href^=\"#\"]')].map(a => a.hash.slice(1))"
            ".filter(id => !document.getElementById(id))"
        )
        == []
    )
    assert page.run("document.querySelectorAll('a:not([href^=\"#\"]), img, iframe').length") == 0
    ids = page.run("[...document.querySelectorAll('[id]')].map(it => it.id)")
    assert len(ids) == len(set(ids))


def test_what_was_not_played_whole_is_not_called_a_pass(page, made):
    trace = made[0].trace
    results = {row.rule: row.results["made"] for row in trace.rows}
    whole = next(
        row
        for row in trace.rows
        if results[row.rule].verdict == "PASS" and results[row.rule].right == len(row.vectors)
    )
    short = next(
        row for row in trace.rows if MISSING in row.vectors and results[row.rule].verdict == "PASS"
    )
    cell = "document.querySelector('[id=\"{}\"] a .badge').textContent"
    assert page.run(cell.format(whole.rule)) == "PASS"
    assert page.run(cell.format(short.rule)) == "incomplete"


def test_text_stands_out_from_its_ground(page):
    """WCAG AA: 4.5 to 1."""
    for scheme in ("light", "dark"):
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        page.call("Emulation.setEmulatedMedia", features=features)
        ratio, where = page.run(CONTRAST)
        assert ratio >= 4.5, (scheme, where)
        ground = page.run("getComputedStyle(document.body).backgroundColor")
        dark = sum(map(int, re.findall(r"\d+", ground)[:3])) < 200
        assert dark == (scheme == "dark")


def test_only_tables_scroll_sideways(page):
    size = {"height": 900, "deviceScaleFactor": 1, "mobile": False}
    try:
        for width in (390, 1024, 1920):
            page.call("Emulation.setDeviceMetricsOverride", width=width, **size)
            assert page.run("document.documentElement.scrollWidth") <= width
    finally:
        page.call("Emulation.clearDeviceMetricsOverride")


def test_searching_shows_what_has_the_words(page, made):
    field = "form[data-table=vectors-table] input"
    page.type(field, f"{FAILING} ")
    assert FAILING in shown(page, "vectors-table")
    assert len(shown(page, "vectors-table")) < 5
    output = page.run("document.querySelector('form[data-table=vectors-table] output').value")
    assert re.fullmatch(r"\d of \d+", output)
    page.click("form[data-table=vectors-table] button")
    assert len(shown(page, "vectors-table")) == len(made[0].trace.suite.vectors)


def test_a_drop_down_shows_what_has_the_value(page, made):
    chosen = "document.querySelector('form[data-table={}] select[name={}]')"
    for table, key, value, wanted in (
        (
            "testpoints-table",
            "stage",
            "V1",
            [point.id for point in made[0].trace.plan.testpoints if point.stage == "V1"],
        ),
        ("results-table", "verdict", "made FAIL", [f"result-{FAILING}"]),
    ):
        page.choose(chosen.format(table, key), value)
        assert shown(page, table) == wanted


def test_from_testpoint_to_vector_to_rule_to_result(page, made):
    trace = made[0].trace
    vector = trace.suite.vector(FAILING)
    point = next(one for one in trace.plan.testpoints if FAILING in trace.vectors[one.id][:8])
    if len(trace.vectors[point.id]) > 8:
        page.click(f"#{point.id} td:nth-of-type(5) summary")
    page.click(f"#{point.id} td a[href='#{FAILING}']")
    assert page.run("location.hash") == f"#{FAILING}"
    assert seen(page, FAILING)
    page.click(f"#{FAILING} td a[href='#{vector.rules[0]}']")
    assert page.run("location.hash") == f"#{vector.rules[0]}"
    assert seen(page, vector.rules[0])
    page.click(f"[id='{vector.rules[0]}'] a .badge.fail")
    assert page.run("location.hash") == f"#result-{FAILING}"
    assert seen(page, f"result-{FAILING}")
    text = page.run(f"document.getElementById('result-{FAILING}').innerText")
    assert "FAIL" in text
    assert "2026-11-20" in text
    assert "<b>0x1</b> for 0x2" in text  # shown, not taken as markup
    page.click(f"#result-{FAILING} th a")
    assert page.run("location.hash") == f"#{FAILING}"


def test_a_link_into_a_hidden_row_shows_it(page):
    page.type("form[data-table=vectors-table] input", "nothing has these words")
    assert shown(page, "vectors-table") == []
    page.click(f"#result-{FAILING} th a")
    assert seen(page, FAILING)


def test_it_reads_without_scripts(browser, made):
    browser.problems.clear()
    browser.call("Emulation.setScriptExecutionDisabled", value=True)
    try:
        browser.open(made[1])
    finally:
        browser.call("Emulation.setScriptExecutionDisabled", value=False)
        browser.opened = None  # nothing works on it
    assert len(shown(browser, "vectors-table")) == len(made[0].trace.suite.vectors)
    assert browser.problems == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("const table = document.getElementById(form.dataset.table);", "const table = none;"),
        ("</main>", "<script>console.error('planted')</script></main>"),
        ("</main>", "<img src='https://example.invalid/x.png'></main>"),
    ],
)
def test_a_broken_page_is_noticed(browser, made, tmp_path, old, new):
    """The checks above can fail: a script that throws, complains, or something from elsewhere."""
    browser.problems.clear()
    text = made[1].read_text(encoding="utf-8")
    text = re.sub("<tbody>.*?</tbody>", "<tbody></tbody>", text, flags=re.DOTALL)
    assert old in text
    path = tmp_path / "broken.html"
    path.write_text(text.replace(old, new), encoding="utf-8")
    browser.open(path)
    browser.run("new Promise(done => setTimeout(done, 100))")
    assert browser.problems
