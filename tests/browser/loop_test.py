#!/usr/bin/python3
"""The loop of browser_check.py without a browser: for each provider a checkout made through the gateway is paid, declined,
put off and let expire by the forms of its page; the gateway verifies the webhooks that come and shows what was paid.

  loop_test.py BUILD_DIR
"""
import html.parser
import json
import pathlib
import sys
import tempfile
import types
import unittest
import urllib.error
import urllib.parse
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from shops import PROVIDERS, Stack  # noqa: E402

SHOP = types.SimpleNamespace(url="https://shop.example")


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


class Page(html.parser.HTMLParser):
    """What a browser without scripts makes of a page: its text, and its forms with their buttons."""

    def __init__(self, url):
        super().__init__()
        self.url, self.words, self.buttons, self.action = url, [], {}, None
        self.status, self.location, text = fetch(url)
        self.feed(text)
        self.text = " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag, attributes):
        named = dict(attributes)
        if tag == "form":
            self.action = named["action"]
        elif tag == "button":
            self.buttons[named["value"]] = self.action

    def handle_data(self, data):
        self.words.append(data)

    def press(self, action, **fields):
        """Status, and where the browser is sent."""
        form = urllib.parse.urlencode({"action": action, **fields}).encode()
        status, location, _ = fetch(urllib.parse.urljoin(self.url, self.buttons[action]), form)
        return status, urllib.parse.urljoin(self.url, location or "")


def fetch(url, form=None):
    opener = urllib.request.build_opener(NoRedirect, urllib.request.ProxyHandler({}))
    try:
        answer = opener.open(url, data=form, timeout=30)
    except urllib.error.HTTPError as error:
        answer = error
    with answer:
        return answer.status, answer.headers.get("Location"), answer.read().decode()


class Loop(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.work = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.work.cleanup)
        cls.stack = Stack(BUILD, pathlib.Path(cls.work.name))
        cls.stack.__enter__()
        cls.addClassCleanup(cls.stack.__exit__)

    def each(self):
        for provider in PROVIDERS:
            with self.subTest(provider.name):
                made = self.stack.checkout(provider, SHOP)
                yield provider, made, Page(made["link"])

    def assert_paid(self, provider, made, paid=True):
        if provider.completed:
            (self.assertIn if paid else self.assertNotIn)(provider.completed, self.stack.show(provider, made))

    def test_pay(self):
        for provider, made, page in self.each():
            self.assertIn(provider.amount, page.text)
            status, location = page.press("pay")
            self.assertEqual(status, 303)
            self.assertTrue(location.startswith(SHOP.url + "/thanks"), location)
            self.assertNotIn("{", location)
            self.assertIsNotNone(self.stack.event(provider, provider.paid, made))
            self.assert_paid(provider, made)
            self.assertEqual(Page(made["link"]).buttons, {})

    def test_decline_and_pay_all_the_same(self):
        for provider, made, page in self.each():
            status, location = page.press("decline", reason="insufficient_funds")
            self.assertEqual(status, 303)
            declined = Page(location)
            self.assertIn("declined: Insufficient funds", declined.text)
            self.assert_paid(provider, made, paid=False)
            declined.press("pay")
            self.assertIsNotNone(self.stack.event(provider, provider.paid, made))
            self.assert_paid(provider, made)

    def test_pay_later(self):
        for provider, made, page in self.each():
            status, location = page.press("later")
            self.assertEqual(status, 303)
            self.assertTrue(location.startswith(SHOP.url + "/thanks"), location)
            self.assert_paid(provider, made, paid=False)
            clock = self.stack.window(provider) + "api/clock"
            self.assertEqual(fetch(clock, json.dumps({"forward_s": 11}).encode())[0], 200)
            self.assertIsNotNone(self.stack.event(provider, provider.paid, made))
            self.assert_paid(provider, made)

    def test_expire(self):
        for provider, made, page in self.each():
            status, location = page.press("expire")
            self.assertEqual(status, 303)
            self.assertTrue(location.startswith(SHOP.url), location)
            self.assertEqual(Page(made["link"]).buttons, {})
            self.assert_paid(provider, made, paid=False)
            if provider.expired:
                self.assertIsNotNone(self.stack.event(provider, provider.expired, made))


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    BUILD = pathlib.Path(sys.argv.pop(1))
    unittest.main()
