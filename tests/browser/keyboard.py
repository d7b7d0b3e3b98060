"""Uses a page by the keyboard alone, and looks whether one sees where one is."""

# Fields and links that one passes at most on the way.
TABS_MAX = 150

# Whether what has the focus is marked, and nothing lies above it.
IS_SEEN = """e => {
  const style = getComputedStyle(e), box = e.getBoundingClientRect();
  if (style.outlineStyle === 'none' || parseFloat(style.outlineWidth) < 2) return 'it is not marked';
  const over = document.elementFromPoint(box.left + Math.min(box.width, 8) / 2, box.top + box.height / 2);
  if (!over) return 'it is outside of the window';
  return e.contains(over) || over.contains(e) ? '' : 'it is covered by ' + over.outerHTML.slice(0, 80);
}"""


class Keyboard:
    def __init__(self, looking, page):
        self.looking, self.page = looking, page

    def skip(self):
        """Past the navigation: the first thing that has the focus is the way there."""
        self.page.keyboard.press("Tab")
        is_skip = self.page.evaluate("document.activeElement.matches('a.skip')")
        if not is_skip:
            self.looking.fault(self.looking.at(self.page), "the way past the navigation does not come first")
            return
        self.must_be_seen(self.page.locator("a.skip"))
        self.page.keyboard.press("Enter")

    def skip_to(self, what):
        """Past the navigation, and on by this link or button."""
        self.skip()
        self.follow(what)

    def reach(self, what):
        """Goes on by Tab until this has the focus."""
        place = self.page.locator(what)
        place.wait_for()
        for _ in range(TABS_MAX):
            if place.evaluate("e => e === document.activeElement"):
                self.must_be_seen(place)
                return place
            self.page.keyboard.press("Tab")
        raise AssertionError(f"{what} is not reached by the keyboard at {self.page.url}")

    def must_be_seen(self, place):
        why = place.evaluate(IS_SEEN)
        if why:
            self.looking.fault(self.looking.at(self.page), f"{place.evaluate('e => e.outerHTML.slice(0, 120)')} has the focus: {why}")

    def type(self, what, text):
        self.reach(what)
        self.page.keyboard.type(text)

    def choose(self, what, value):
        """Goes down a list of choices until this one is chosen."""
        place = self.reach(what)
        for _ in range(place.locator("option").count()):
            if place.input_value() == value:
                return
            self.page.keyboard.press("ArrowDown")
        if place.input_value() != value:
            raise AssertionError(f"{what} has no {value}")

    def pick(self, name, value):
        """One of a group of buttons: Tab leads to the group, the arrows within it."""
        group = f"input[type=radio][name='{name}']"
        for _ in range(TABS_MAX):
            if self.page.evaluate("group => document.activeElement.matches(group)", group):
                break
            self.page.keyboard.press("Tab")
        wanted = self.page.locator(f"{group}[value='{value}']")
        for _ in range(self.page.locator(group).count()):
            if wanted.evaluate("e => e === document.activeElement"):
                break
            self.page.keyboard.press("ArrowDown")
        self.must_be_seen(wanted)
        self.page.keyboard.press("Space")
        assert wanted.is_checked(), f"{name} is not {value}"

    def follow(self, what):
        """Follows a link or presses a button, and waits for what it leads to."""
        self.reach(what)
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")
