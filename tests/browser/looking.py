"""Looks at pages as whoever uses them sees them: light, dark and on a phone, in both languages."""

import pathlib
import re
import urllib.parse

import axe_playwright_python

# The engine itself, as its authors ship it.
AXE = (pathlib.Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()

# What WCAG 2.2 asks for at AA, and what else is well tried. The size of what is clicked is asked for by name: the engine leaves it out otherwise.
RULES = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"]},
    "rules": {"target-size": {"enabled": True}},
    "resultTypes": ["violations"],
}

LANGUAGES = ["en", "cs"]
WIDE = {"width": 1280, "height": 900}
PHONE = {"width": 360, "height": 740}
# A desktop at 400 %, which WCAG asks for (1.4.10): nothing is scrolled sideways.
NARROWEST = {"width": 320, "height": 640}

# How it is shown: the size of the window, the scheme, whether it is touched.
LOOKS = {"light": (WIDE, "light", False), "dark": (WIDE, "dark", False), "phone": (PHONE, "light", True)}

LANGUAGE_COOKIE = "quietus-language"

# How long anything may take that a page does, on a machine with much else to do.
PATIENCE_MS = 15_000


class Looking:
    def __init__(self, browser, order):
        self.browser = browser
        self.base = order["base"]
        self.pictures = pathlib.Path(order["pictures"])
        self.pictures.mkdir(parents=True, exist_ok=True)
        self.seen, self.faults, self.looks = [], [], 0
        self.page = None
        self.protocols = {}
        # Of which kinds a page was looked at.
        self.kinds = set()
        # Pages that were answered, whatever with: a browser complains in its console of those that are refused, which is no fault of them.
        self.answered = set()

    def fault(self, where, what):
        self.faults.append(f"{where}: {what}")

    def window(self):
        """A browser of somebody who has used nothing before."""
        context = self.browser.new_context(
            base_url=self.base, viewport=WIDE, locale="en-GB", reduced_motion="reduce", color_scheme="light"
        )
        context.set_default_timeout(PATIENCE_MS)
        page = context.new_page()
        page.on("request", lambda request: self.asked(page, request))
        page.on("console", lambda message: self.told(page, message))
        page.on("pageerror", lambda error: self.fault(self.at(page), f"error: {error}"))
        page.on("response", lambda response: self.answers(response))
        page.on("requestfailed", lambda request: self.failed(page, request))
        # What it is told lasts as long as this connection does.
        self.protocols[page] = context.new_cdp_session(page)
        self.page = page
        return page

    def at(self, page):
        return urllib.parse.urlsplit(page.url).path

    def asked(self, page, request):
        if not request.url.startswith(self.base + "/"):
            self.fault(self.at(page), f"it asks for {request.url}, which is not of its origin")

    def failed(self, page, request):
        # A page that is left before its style sheet has come is no fault.
        if request.failure != "net::ERR_ABORTED":
            self.fault(self.at(page), f"{request.url}: {request.failure}")

    def answers(self, response):
        if response.request.is_navigation_request():
            self.answered.add(response.url)

    def told(self, page, message):
        is_refused = message.text.startswith("Failed to load resource") and message.location["url"] in self.answered
        if message.type in ("error", "warning") and not is_refused:
            self.fault(self.at(page), f"the console says: {message.text}")

    def look(self, page, name, expected=200):
        """Looks at what a window shows, in every way. A page that came by a form is sent for once more, as by a reader who loads it again."""
        self.page = page
        self.kinds.add(kind(self.at(page)))
        for language in LANGUAGES:
            page.context.add_cookies([{"name": LANGUAGE_COOKIE, "value": language, "url": self.base, "httpOnly": True, "sameSite": "Strict"}])
            answer = page.reload()
            where = f"{name} ({self.at(page)}), {language}"
            if answer.status != expected:
                self.fault(where, f"status {answer.status}")
            # A letter is in the language of whom it is to.
            if "/letters/" not in self.at(page) and page.locator("html").get_attribute("lang") != language:
                self.fault(where, "it is in another language")
            if page.locator("h1").count() != 1:
                self.fault(where, f"it has {page.locator('h1').count()} headings of the first level")
            for look in LOOKS:
                self.show(page, look)
                self.check(page, f"{where}, {look}")
                self.picture(page, f"{name}.{language}.{look}")
                self.looks += 1
            page.set_viewport_size(NARROWEST)
            self.must_fit(page, f"{where}, at {NARROWEST['width']} px")
        self.show(page, "light")
        page.context.clear_cookies(name=LANGUAGE_COOKIE)
        page.reload()
        self.seen.append(name)

    def show(self, page, look):
        size, scheme, is_touched = LOOKS[look]
        page.set_viewport_size(size)
        page.emulate_media(color_scheme=scheme)
        touch = {"enabled": is_touched, "maxTouchPoints": 5 if is_touched else 1}
        self.protocols[page].send("Emulation.setTouchEmulationEnabled", touch)
        if page.evaluate("matchMedia('(pointer: coarse)').matches") != is_touched:
            self.fault(self.at(page), "the driver does not touch as a finger does")

    def picture(self, page, name):
        """All of the page, also what is below the window."""
        page.screenshot(path=self.pictures / f"{name}.png", full_page=True, animations="disabled")

    def check(self, page, where):
        for violation in violations(page):
            self.fault(where, violation)
        self.must_fit(page, where)

    def must_fit(self, page, where):
        """Nothing is wider than the window, nor cut off by it."""
        wide = page.evaluate(TOO_WIDE)
        if wide:
            self.fault(where, f"it is wider than the window: {', '.join(wide)}")

    def last_picture(self):
        if self.page is not None:
            name = re.sub(r"[^a-z0-9]+", "-", self.at(self.page).lower()).strip("-")
            self.picture(self.page, f"ended-early.{name or 'home'}")


def kind(address):
    """What pages have in common that are about one thing each: their address without its number, id or name with digits."""
    path = urllib.parse.urlsplit(address).path
    return "/".join("*" if re.search(r"\d", part) else part for part in path.split("/"))


def violations(page):
    """What the engine finds, each with its places."""
    # By the browser's debugging protocol: the page's policy lets no script in.
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    found = page.evaluate("rules => axe.run(document, rules)", RULES)["violations"]
    for one in found:
        places = [f"{' '.join(map(str, node['target']))} ({'; '.join(said_of(node))})" for node in one["nodes"]]
        yield f"{one['id']}: {one['help']}: {', '.join(places[:4])}{' …' if len(places) > 4 else ''}"


def said_of(node):
    return [check["message"] for check in node["any"] + node["all"] + node["none"]] or [node["html"][:120]]


# What sticks out of the page: it makes the window scroll, which nothing within a box that scrolls by itself does.
TOO_WIDE = """() => {
  const root = document.documentElement;
  if (root.scrollWidth <= root.clientWidth) return [];
  const out = [...document.body.querySelectorAll('*')].filter(e => e.getBoundingClientRect().right > root.clientWidth + 0.5);
  const named = out.map(e => e.tagName.toLowerCase() + [...e.classList].map(c => '.' + c).join(''));
  return [`${root.scrollWidth} of ${root.clientWidth} px`, ...new Set(named)].slice(0, 6);
}"""
