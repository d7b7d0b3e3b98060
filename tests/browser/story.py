"""What people do on the pages, by the keyboard, with a look at every page on the way."""

import re
import time

from keyboard import Keyboard
from looking import PATIENCE_MS, kind


def button(action):
    """What sends the form that leads there."""
    return f"form[action='{action}'] button"


def signed_in(looking, order, name, looks=False):
    """A window in which somebody has signed in, and their hands."""
    page = looking.window()
    page.goto("/sign-in")
    hands = Keyboard(looking, page)
    if looks:
        looking.look(page, "sign-in")
        hands.type("#user", name)
        hands.type("#pw", "not the password at all")
        hands.follow(button("/sign-in"))
        looking.look(page, "sign-in-refused", expected=403)
    hands.type("#user", name)
    hands.type("#pw", order["password"])
    hands.follow(button("/sign-in"))
    assert looking.at(page) == "/", page.url
    return page, hands


def empty(looking, order):
    """A deployment to which nothing has come says what to do first."""
    page, hands = signed_in(looking, order, order["officer"], looks=True)
    looking.look(page, "empty")
    menu(looking, page, hands)


def menu(looking, page, hands):
    """The menu of a phone, which a keyboard can have, too: it opens over the page, and closes again."""
    looking.show(page, "phone")
    nav = page.locator("#menu")
    assert not nav.is_visible(), "the menu is open before anybody has opened it"
    hands.reach("a.menu-open")
    page.keyboard.press("Enter")
    nav.wait_for(state="visible")
    looking.check(page, "the open menu, phone")
    looking.picture(page, "menu.en.phone")
    hands.reach("a.menu-close")
    page.keyboard.press("Enter")
    nav.wait_for(state="hidden")
    looking.show(page, "light")


def request(looking, order):
    """From the letter to the certificate, by two people."""
    page, hands = signed_in(looking, order, order["officer"])
    looking.look(page, "home")
    hands.follow(".nav a[href='/requests']")
    hands.skip_to("main a[href='/requests/new']")
    looking.look(page, "new-request")

    # Nobody is named.
    hands.skip()
    hands.choose("#came", "letter")
    hands.follow(button("/requests/new"))
    looking.look(page, "new-request-wrong", expected=400)
    hands.skip()
    hands.reach("main .errors a[href='#email']")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "email", "what is wrong does not lead to its field"
    page.keyboard.type(order["email"])
    hands.type("#name", order["name"])
    hands.choose("#came", "letter")
    hands.type("#number", order["number"])
    hands.follow(button("/requests/new"))
    at = looking.at(page)
    looking.look(page, "request-unverified")

    hands.skip()
    hands.choose("#how", "document")
    hands.follow(button(f"{at}/verify"))
    looking.look(page, "request-verified")
    hands.skip_to(button(f"{at}/plan"))
    looking.look(page, "plan-made")

    # Of what is possibly theirs nothing goes without a decision, and none is without its reason.
    hands.skip()
    hands.pick(f"d-{order['possible']}", "include")
    hands.follow(button(f"{at}/plan"))
    looking.look(page, "plan-wrong", expected=400)
    hands.skip()
    hands.choose(f"select[id='b-{order['possible']}']", "content")
    hands.follow(button(f"{at}/plan"))
    assert looking.at(page) == f"{at}/plan", page.url
    looking.look(page, "plan-kept")
    page.goto(at)
    looking.look(page, "request-planned")

    other, others = signed_in(looking, order, order["approver"])
    looking.look(other, "approver-home")
    others.skip_to(f".tasks .do a[href='{at}']")
    looking.look(other, "approver-request")
    others.skip_to(f"main .actions a[href='{at}/plan']")
    looking.look(other, "approver-plan")
    others.skip_to(button(f"{at}/approve"))
    looking.look(other, "approver-approved")

    page.goto("/")
    looking.look(page, "home-approved")
    hands.skip_to(f".tasks .do a[href='{at}']")
    hands.skip_to(f"main .actions a[href='{at}/plan']")
    looking.look(page, "plan-approved")
    hands.skip_to(button(f"{at}/run"))
    erasure = looking.at(page)
    assert erasure.startswith("/erasures/"), page.url
    receipt = ended(page, at)
    page.goto(erasure)
    looking.look(page, "erasure")
    page.goto(at)
    looking.look(page, "request-done")
    hands.skip_to(f"main .verdict a[href='{receipt}']")
    looking.look(page, "receipt")
    hands.skip_to(f"main a[href='{receipt}/verified']")
    looking.look(page, "receipt-verified")
    page.goto(receipt)
    hands.skip_to(f"main a[href^='{receipt}/certificate']")
    looking.look(page, "certificate")
    page.goto("/requests?show=ended")
    looking.look(page, "requests-ended")
    hands.follow(button("/sign-out"))
    assert looking.at(page) == "/sign-in", page.url


def ended(page, at):
    """Where the request's receipt is, once it has one."""
    until = time.monotonic() + PATIENCE_MS / 1000
    while time.monotonic() < until:
        page.goto(at)
        receipt = page.locator("main .verdict a[href^='/receipts/']")
        if receipt.count():
            return receipt.first.get_attribute("href")
        page.wait_for_timeout(200)
    raise AssertionError("no receipt came")


def person(looking, order):
    """A person is found, and something of theirs is kept for now."""
    page, hands = signed_in(looking, order, order["officer"])
    hands.follow(".nav a[href='/people']")
    looking.look(page, "people")
    hands.skip_to(f"main {button('/people')}")
    looking.look(page, "people-wrong", expected=400)
    hands.skip()
    hands.type("#email", order["email"])
    hands.follow(f"main {button('/people')}")
    looking.look(page, "person")
    assert order["email"] not in page.content() + page.url, "what was typed stands on the page"
    hands.skip_to(button("/holds/new/of"))
    looking.look(page, "new-hold-of-person")
    hands.skip()
    hands.choose("#reason", "legal-claims")
    hands.type("#case", "21 C 123/2024")
    hands.follow(button("/holds/new"))
    looking.look(page, "hold")
    hands.skip_to("main .crumbs a[href='/holds']")
    looking.look(page, "holds")

    # The same person's request, and once more.
    for is_again in (False, True):
        page.goto("/requests/new")
        hands.skip()
        hands.type("#email", order["email"])
        hands.type("#name", order["name"])
        hands.choose("#came", "letter")
        hands.follow(button("/requests/new"))
    looking.look(page, "request-twice", expected=409)


def visits(looking, order):
    """Every other page, as whoever has to do with it sees it."""
    windows = {}
    for name, user, path, status in order["visits"]:
        if user not in windows:
            windows[user] = signed_in(looking, order, user)[0]
        windows[user].goto(path)
        looking.look(windows[user], name, expected=status)
    for page in windows.values():
        linked(looking, page)


def linked(looking, page):
    """Whatever else a link leads to, from page to page: a page that nobody has named above is looked at all the same."""
    waiting, known = ["/"], {"/"}
    while waiting:
        page.goto(waiting.pop())
        if kind(page.url) not in looking.kinds:
            looking.look(page, "linked" + re.sub("[^a-z]+", "-", kind(page.url)).rstrip("-"))
        for address in page.eval_on_selector_all("a[href^='/']", "all => all.map(a => a.getAttribute('href'))"):
            # A language is chosen by a link, too.
            if kind(address) not in known and not address.startswith("/language/"):
                known.add(kind(address))
                waiting.append(address)
