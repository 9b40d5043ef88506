"""Draw docs/report.png: the top of the page that ``skrnn demo`` writes, in headless Chromium."""

import os
import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from skrnn.cli import commands

PICTURE = Path(__file__).resolve().parent / "report.png"

with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
    os.chdir(folder)
    _, there = commands.demo(effort="quick")
    browser = playwright.chromium.launch(
        executable_path=shutil.which("chromium"), args=["--no-sandbox"]
    )
    page = browser.new_page(viewport={"width": 1020, "height": 1240})
    page.goto((there / "report.html").resolve().as_uri())
    page.wait_for_selector(".main-svg")
    page.wait_for_timeout(2000)  # until the charts have been drawn
    page.screenshot(path=PICTURE)
    browser.close()
