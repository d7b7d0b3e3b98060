"""A page with known faults: what finds nothing here would find nothing anywhere."""

FAULTS = """() => {
  document.body.innerHTML = '<h1>One</h1><img src="https://elsewhere.example/x.png"><p id="pale">Pale</p><div id="wide">Wide</div>';
  // As a script sets it: a style in the markup is refused by the policy.
  document.getElementById('pale').style.cssText = 'color: #bbb; background: #fff';
  document.getElementById('wide').style.cssText = 'width: 900px';
  console.error('this was told');
}"""


def control(looking, order):
    page = looking.window()
    page.goto("/sign-in")
    looking.show(page, "phone")
    page.evaluate(FAULTS)
    looking.check(page, "control")
