"""Makes the picture in the README: not a test of its own, `make screenshot` runs it."""

from pathlib import Path

PICTURE = Path(__file__).parents[2] / "notebooks" / "pictures" / "explorer.png"


def test_screenshot(open_notebook):
    with open_notebook("01_gradient_descent_in_action.ipynb", scale=2) as notebook:
        notebook.run_all()
        explorer = notebook.figure("learning rate")
        explorer.locator.get_by_role("button", name="good", exact=True).click()
        explorer.wait_for_label("iteration [6-9] ")
        explorer.locator.get_by_label("Pause").click()
        explorer.page.mouse.move(5, 5)
        explorer.page.evaluate("document.activeElement.blur()")
        explorer.locator.screenshot(path=PICTURE)
    assert PICTURE.stat().st_size > 10_000
