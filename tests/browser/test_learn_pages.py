"""Lessons in headless Chromium: all eight from prediction to summary, the keyboard alone, and a teacher's link in large
type on a dark page."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.settled import settled
from ugrn_core.lessons.catalogue import LESSONS
from ugrn_core.lessons.record import Lesson

SEED = 2
PATIENCE = 180_000
QUIET = 120.0
"""Milliseconds; every step waits for what it brings before it."""

WIDE, NARROW = {"width": 1280, "height": 800}, {"width": 900, "height": 800}

NAMELESS = """() => {
  const words = e => [...e.childNodes].filter(n => !n.matches?.('[data-testid=stIconMaterial], script, style'))
    .map(n => n.nodeType === 3 ? n.data : words(n)).join('').trim();
  return [...document.querySelectorAll('[data-testid=stMain] :is(button, input, img, textarea, [role=slider])')]
    .filter(e => e.offsetParent !== null && !e.closest('.js-plotly-plot, [data-testid=stElementToolbar]'))
    .filter(e => e.tagName === 'IMG' ? !e.alt : !(words(e) || e.ariaLabel || e.title ||
      e.getAttribute('aria-labelledby') || (e.labels && [...e.labels].some(words))))
    .map(e => e.outerHTML.slice(0, 300));
}"""
"""Controls and pictures that a screen reader has no word for."""

WORDLESS = """() => [...document.querySelectorAll('[data-testid=stPlotlyChart]')]
  .filter(e => !e.querySelector('[aria-label]') && !e.ariaLabel).map(e => e.outerHTML.slice(0, 300))"""

TOO_WIDE = """() => [document.documentElement, document.querySelector('[data-testid=stMain]')]
  .some(e => e.scrollWidth > e.clientWidth + 1)"""

FOCUSED = "() => { const e = document.activeElement; return e.innerText || e.ariaLabel || e.value || e.tagName }"


def heading(page: Page, lesson: Lesson):
    return page.get_by_role("heading", name=f"{lesson.number}. {lesson.title}")


def check_the_page(page: Page) -> None:
    """Every control and picture has a name, and nothing runs over the edge at either width."""
    assert page.evaluate(NAMELESS) == [] and page.evaluate(WORDLESS) == []
    assert not page.evaluate(TOO_WIDE)
    page.set_viewport_size(NARROW)
    page.evaluate("() => new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(drawn)))")
    page.wait_for_function(f"!({TOO_WIDE})()")  # figures follow a moment later
    page.set_viewport_size(WIDE)


def press(page: Page, name: str) -> None:
    """Press a button with the keyboard, once the page stands still."""
    settled(page, QUIET)
    page.get_by_role("button", name=name, exact=True).press("Enter")


def take(page: Page, lesson: Lesson) -> None:
    """One lesson as a student with the right answers and no mouse goes through it."""
    prediction, asked = lesson.predict(SEED), lesson.check(SEED)
    expect(heading(page, lesson)).to_be_visible(timeout=PATIENCE)
    lock = page.get_by_role("button", name="Lock my prediction")
    expect(lock).to_be_disabled(timeout=PATIENCE)
    settled(page, QUIET)
    page.get_by_test_id("stRadio").locator("input").nth(prediction.right).press("Space")
    expect(lock).to_be_enabled(timeout=PATIENCE)
    press(page, "Lock my prediction")
    expect(page.get_by_text("You said:")).to_be_visible(timeout=PATIENCE)
    expect(page.locator(".js-plotly-plot").first).to_be_visible(timeout=PATIENCE)
    settled(page, QUIET)
    shown = page.locator("[data-testid=stMain]").inner_html()
    assert prediction.reason[:30] not in shown and all(a.working[:20] not in shown for a in asked), (
        "the key is not here"
    )
    check_the_page(page)
    press(page, "Reveal")
    expect(page.get_by_text("As you said:")).to_be_visible(timeout=PATIENCE)
    press(page, "Go on to the check")
    fields = page.get_by_role("spinbutton")
    expect(fields).to_have_count(len(asked), timeout=PATIENCE)
    settled(page, QUIET)
    for n, a in enumerate(asked):
        fields.nth(n).fill(a.said.split()[0])
    press(page, "Check my answers")
    expect(page.get_by_text(re.compile(r"[abcd]\) Right\."))).to_have_count(len(asked), timeout=PATIENCE)
    press(page, "What you just saw")
    expect(page.locator(".katex").first).to_be_visible(timeout=PATIENCE)
    following = LESSONS.get(lesson.number + 1)
    press(page, f"Next: {following.title}" if following else "To the summary")


def test_a_student_goes_through_all_eight_lessons_to_the_summary(page, app):
    page.goto(f"{app}/learn?lesson=1&seed={SEED}")
    for lesson in LESSONS.values():
        take(page, lesson)
    checks = sum(len(lesson.check(SEED)) for lesson in LESSONS.values())
    metrics = page.get_by_test_id("stMetric")
    expect(metrics.filter(has_text="Predictions that came true")).to_contain_text("8 of 8", timeout=PATIENCE)
    expect(metrics.filter(has_text="Checks right")).to_contain_text(f"{checks} of {checks}")
    check_the_page(page)
    link = page.get_by_test_id("stCode").first.inner_text().strip()
    assert link.startswith(f"{app}/learn?lesson=summary") and link.count(";") == len(LESSONS) - 1


def test_a_prediction_is_made_and_locked_with_the_keyboard_alone(page, app):
    lesson = LESSONS[2]
    page.goto(f"{app}/learn?lesson=2&seed={SEED}")
    expect(heading(page, lesson)).to_be_visible(timeout=PATIENCE)
    radio = page.get_by_test_id("stRadio").locator("input").first
    expect(page.get_by_role("button", name="Lock my prediction")).to_be_visible(timeout=PATIENCE)
    settled(page)
    page.get_by_role("button", name="Summary").focus()
    passed = []
    for _ in range(14):
        page.keyboard.press("Tab")
        passed.append(page.evaluate(FOCUSED))
        if page.evaluate("() => document.activeElement.type") == "radio":
            break
    else:
        pytest.fail(f"the choices are not reached by Tab: {passed}")
    assert all(name.strip() for name in passed), passed
    page.keyboard.press("Space")
    lock = page.get_by_role("button", name="Lock my prediction")
    expect(lock).to_be_enabled()
    expect(radio).to_be_checked()
    page.keyboard.press("Tab")
    expect(lock).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("You said:")).to_be_visible(timeout=PATIENCE)


def test_a_teachers_link_opens_large_and_dark_with_the_reveal_covered(browser, app):
    context = browser.new_context(viewport=WIDE, color_scheme="dark")
    page = context.new_page()
    page.goto(f"{app}/learn?lesson=8&step=look&seed=4&pair=A-F&with=B&hide=1&large=1")
    expect(page.get_by_role("button", name="Reveal")).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_test_id("stSidebar")).to_be_hidden()
    assert page.evaluate("() => parseFloat(getComputedStyle(document.documentElement).fontSize)") > 18
    shown = page.locator("[data-testid=stMain]").inner_html()
    assert "do(), simulated" not in shown and LESSONS[8].predict(4).reason[:30] not in shown
    page_colour = page.evaluate("() => getComputedStyle(document.querySelector('.stApp')).backgroundColor")
    assert max(int(n) for n in re.findall(r"\d+", page_colour)[:3]) < 80, "a dark page"
    assert not page.evaluate(TOO_WIDE)
    context.close()
