#!/usr/bin/python3
"""The whole loop in a real browser: a checkout made through the gateway is opened, paid, declined, put off and let
expire; the webhooks that come are verified by the gateway; and the window into each store is looked at.

  browser_check.py BUILD_DIR IMAGES_DIR [AXE_FILE]

For each of the four providers. Fails on an error on the browser's console, and where axe (AXE_FILE, axe.min.js) finds
anything serious. Writes pictures of page and window, 1280 and 390 pixels wide, into IMAGES_DIR.
"""
import http.server
import pathlib
import subprocess
import sys
import tempfile
import threading
import time

from selenium import webdriver
from selenium.common.exceptions import JavascriptException, NoSuchElementException, StaleElementReferenceException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select, WebDriverWait

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from shops import PROVIDERS, Stack  # noqa: E402

WAIT = 30
WIDTHS = (1280, 390)
WINDOW_PAGES = ("", "webhooks", "requests", "faults", "tools")


class Failures:
    def __init__(self):
        self.count = 0

    def check(self, what, fine, why=""):
        print(("ok      " if fine else "FAILED  ") + what + (f": {why}" if why and not fine else ""), flush=True)
        self.count += not fine


class Shopfront:
    """Where customers come back to."""

    def __init__(self):
        class Page(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                body = (b"<!doctype html><html lang=en><title>Shop</title><link rel=icon href=data:,>"
                        b"<main><h1>Back in the shop</h1></main></html>")
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


class Browser:
    def __init__(self, axe):
        options = webdriver.ChromeOptions()
        for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
                         "--force-color-profile=srgb", "--no-proxy-server"):
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)
        self.driver.set_script_timeout(120)
        self.axe = axe
        self.errors = []
        self.violations = []
        self.looked_at = 0
        self.width(1280)

    def width(self, width, height=900):
        self.screen = width
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500})

    def dark(self, dark):
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {
            "features": [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]})

    def go(self, url):
        self.driver.get(url)
        self.look()

    def look(self):
        """Takes what the console says, and what axe finds on this page."""
        self.looked_at += 1
        for entry in self.driver.get_log("browser"):
            if entry["level"] in ("SEVERE", "WARNING"):
                self.errors.append(f"{self.driver.current_url}: {entry['message']}")
        if self.driver.execute_script("return document.documentElement.scrollWidth") > self.screen:
            self.violations.append(f"{self.driver.current_url}: wider than the screen")
        if not self.axe:
            return
        self.driver.execute_script(self.axe)
        found = self.driver.execute_async_script(
            "const done = arguments[arguments.length - 1]; axe.run(document, "
            "{preload: false, iframes: false, resultTypes: ['violations']}).then(done, error => done({error: String(error)}));")
        for violation in found.get("violations", [{"impact": "critical", "id": found.get("error"), "nodes": []}]):
            if violation["impact"] in ("serious", "critical"):
                where = [node["html"][:150] for node in violation["nodes"][:2]]
                self.violations.append(f"{self.driver.current_url}: {violation['id']} {where}")

    def button(self, text):
        xpath = f"//main//button[normalize-space(text())='{text}' or starts-with(normalize-space(), '{text}')]"
        return self.driver.find_element(By.XPATH, xpath)

    def press(self, text):
        self.button(text).click()

    def text(self):
        return self.driver.execute_script("return document.body.innerText")

    def wait(self, what):
        # Between two pages there is nothing to find.
        passing = (StaleElementReferenceException, NoSuchElementException, JavascriptException)
        WebDriverWait(self.driver, WAIT, 0.05, passing).until(lambda driver: what(self))

    def picture(self, path, height=None):
        for width in WIDTHS:
            self.width(width)
            tall = self.driver.execute_script("return document.documentElement.scrollHeight")
            self.width(width, min(max(tall, 600), height or 1400))
            self.look()
            self.driver.save_screenshot(f"{path}-{width}.png")
        self.width(1280)


def pays(browser, stack, shop, provider, failures, images):
    made = stack.checkout(provider, shop)
    browser.go(made["link"])
    failures.check(f"{provider}: the page shows the amount", provider.amount in browser.text(), browser.text()[:200])
    if provider.name == "paynow":
        browser.picture(images / "pay")
    # By keyboard: the first stop of the page is the button that pays.
    browser.driver.find_element(By.TAG_NAME, "body").send_keys(Keys.TAB)
    failures.check(f"{provider}: Tab reaches Pay first",
                   browser.driver.switch_to.active_element.text.startswith("Pay "))
    browser.driver.switch_to.active_element.send_keys(Keys.ENTER)
    browser.wait(lambda b: b.driver.current_url.startswith(shop.url + "/thanks"))
    failures.check(f"{provider}: the customer comes back", "{" not in browser.driver.current_url, browser.driver.current_url)
    browser.look()
    event = stack.event(provider, provider.paid, made)
    failures.check(f"{provider}: the webhook of the payment is verified", event is not None)
    if provider.completed:
        failures.check(f"{provider}: the order is complete", provider.completed in stack.show(provider, made))
    browser.go(made["link"])
    failures.check(f"{provider}: it cannot be paid twice", "Pay " not in browser.text(), browser.text()[:200])


def declines(browser, stack, shop, provider, failures):
    made = stack.checkout(provider, shop)
    browser.go(made["link"])
    Select(browser.driver.find_element(By.ID, "reason")).select_by_visible_text("Expired card")
    browser.press("Decline")
    browser.wait(lambda b: "declined: Expired card" in b.text())
    browser.look()
    failures.check(f"{provider}: a declined payment says why and may be tried again", browser.button("Pay ").is_enabled())
    browser.press("Back to the shop")
    browser.wait(lambda b: b.driver.current_url.startswith(shop.url))
    if provider.completed:
        failures.check(f"{provider}: what was declined is not complete", provider.completed not in stack.show(provider, made))


def pays_later(browser, stack, shop, provider, failures):
    made = stack.checkout(provider, shop)
    browser.go(made["link"])
    browser.press("Succeed later")
    browser.wait(lambda b: b.driver.current_url.startswith(shop.url + "/thanks"))
    # The clock is set forward in the window.
    browser.go(stack.window(provider) + "tools")
    browser.press("A minute forward")
    browser.wait(lambda b: b.driver.current_url.endswith("/tools"))
    failures.check(f"{provider}: what is paid later is told of later", stack.event(provider, provider.paid, made) is not None)


def expires(browser, stack, shop, provider, failures):
    made = stack.checkout(provider, shop)
    browser.go(made["link"])
    browser.press("Let it expire")
    browser.wait(lambda b: b.driver.current_url.startswith(shop.url))
    browser.go(made["link"])
    failures.check(f"{provider}: what has expired cannot be paid",
                   "Pay " not in browser.text() and "This checkout is" in browser.text(), browser.text()[:200])
    if provider.expired:
        failures.check(f"{provider}: that it expired is told", stack.event(provider, provider.expired, made) is not None)


def window(browser, stack, shop, provider, failures, images):
    base = stack.window(provider)
    links = set()
    for page in WINDOW_PAGES:
        browser.go(base + page)
        links |= {link.get_attribute("href") for link in browser.driver.find_elements(By.CSS_SELECTOR, "header a")
                  if link.get_attribute("href").startswith(base + "store/")}
    for link in sorted(links):
        browser.go(link)
    browser.width(390)
    for link in sorted(links) + [base + page for page in WINDOW_PAGES]:
        browser.go(link)
    browser.width(1280)
    browser.dark(True)
    for link in [sorted(links)[0]] + [base + page for page in WINDOW_PAGES] + [stack.checkout(provider, shop)["link"]]:
        browser.go(link)
    browser.dark(False)
    failures.check(f"{provider}: the window has pages of records", len(links) > 0)
    if provider.name == "paynow":
        browser.go(base)
        browser.picture(images / "window", 1100)
        browser.go(base + "webhooks")
        browser.picture(images / "webhooks", 1100)
    # What the gateway does shows by itself.
    browser.go(base + "requests")
    before = browser.text()
    stack.read(provider)
    browser.wait(lambda b: b.text() != before)
    failures.check(f"{provider}: the window shows a call as it happens", True)
    failures.check(f"{provider}: and no key", not any(key in browser.driver.page_source for key in stack.keys))


def fault(browser, stack, failures):
    """A refund's answer is lost by a button, and the caller is told what is known of it."""
    browser.go(stack.window(PROVIDERS[0]) + "faults")
    Select(browser.driver.find_element(By.ID, "kind")).select_by_visible_text("commit-then-drop")
    operation = browser.driver.find_element(By.ID, "operation")
    operation.clear()
    operation.send_keys("RefundOrder")
    browser.press("Order")
    browser.wait(lambda b: "RefundOrder" in b.driver.find_element(By.ID, "live").text)
    browser.look()
    refund = stack.call("paynow.management.v1.OrdersService/RefundOrder",
                        {"order_id": "411486491630370850", "body": {}}, fails=True)
    failures.check("a fault of the window loses an answer: outcome unknown", "unknown" in refund, refund)


def main(build, images, axe_file=None):
    axe = pathlib.Path(axe_file).read_text(encoding="utf-8") if axe_file else None
    failures = Failures()
    images = pathlib.Path(images)
    images.mkdir(parents=True, exist_ok=True)
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as work, Stack(pathlib.Path(build), pathlib.Path(work)) as stack:
        shop = Shopfront()
        browser = Browser(axe)
        try:
            for provider in PROVIDERS:
                pays(browser, stack, shop, provider, failures, images)
                declines(browser, stack, shop, provider, failures)
                pays_later(browser, stack, shop, provider, failures)
                expires(browser, stack, shop, provider, failures)
                window(browser, stack, shop, provider, failures, images)
            fault(browser, stack, failures)
        finally:
            browser.driver.quit()
    failures.check("nothing on the browser's console", not browser.errors, "\n  ".join([""] + browser.errors[:10]))
    failures.check("axe finds nothing serious" if axe else "nothing is wider than the screen",
                   not browser.violations, "\n  ".join([""] + sorted(set(browser.violations))[:10]))
    print(f"browser-check: {browser.looked_at} looks at pages, {time.monotonic() - begun:.0f} s"
          + ("" if axe else "; axe left out: npm has no axe-core"))
    return 1 if failures.count else 0


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    try:
        sys.exit(main(*sys.argv[1:]))
    except subprocess.CalledProcessError as error:
        sys.exit(f"{error}\n{error.stdout}\n{error.stderr}")
