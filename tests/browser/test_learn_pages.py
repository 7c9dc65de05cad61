"""Lessons in headless Chromium: the keyboard alone, and a teacher's link in large type on a dark page."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.settled import settled
from ugrn_core.lessons.catalogue import LESSONS
from ugrn_core.lessons.record import Lesson

SEED = 2
PATIENCE = 180_000
WIDE = {"width": 1280, "height": 800}

TOO_WIDE = """() => [document.documentElement, document.querySelector('[data-testid=stMain]')]
  .some(e => e.scrollWidth > e.clientWidth + 1)"""

FOCUSED = "() => { const e = document.activeElement; return e.innerText || e.ariaLabel || e.value || e.tagName }"


def heading(page: Page, lesson: Lesson):
    return page.get_by_role("heading", name=f"{lesson.number}. {lesson.title}")


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
