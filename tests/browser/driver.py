"""Walks through the pages in Debian's chromium, as people do, and says what is wrong with them.

Reads from standard input where the pages are, who signs in there, which part to walk and where pictures go; writes what it has seen, and every
fault, as JSON. Knows the pages by their fields and addresses, not by their words.
"""

import json
import os
import shutil
import sys
import traceback

from playwright.sync_api import sync_playwright

import control
import story
from looking import Looking

PARTS = {"control": control.control, "empty": story.empty, "request": story.request, "person": story.person, "visits": story.visits}


def main():
    order = json.load(sys.stdin)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"),
            # Its sandbox refuses to work for root, as which a container runs everything.
            chromium_sandbox=os.geteuid() != 0,
            # Nothing but this machine has an address, whatever a page or the browser itself asks for.
            args=["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"],
        )
        looking = Looking(browser, order)
        try:
            PARTS[order["part"]](looking, order)
        except Exception:
            # What was seen before says why.
            looking.fault("the walk ended early", traceback.format_exc())
            looking.last_picture()
        browser.close()
    json.dump({"seen": looking.seen, "faults": looking.faults, "looks": looking.looks}, sys.stdout)


main()
