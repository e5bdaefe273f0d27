"""The desk in a real browser, for the tests that need one: a desk on loopback, and a person at a Chromium.

`WAYS` is the one list of how to come to every page and every error of the desk. A new page is added there; the tests of
barriers go every way, at every width, and look at each page on it.
"""

import shutil
import socket
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import uvicorn

from consent.desk.app import make_app
from consent.desk.site import Surroundings, site_at

CHROMIUM = shutil.which("chromium") or ""
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
TEXT = "Mi vecina Rosa horneaba pan cada domingo.\nSu correo es rosa@example.org y vive cerca del río."
TALK = "A: Buenos días, ¿horneaste pan?\nB: Sí, tres hogazas con semillas.\nA: Entonces comamos."
PATIENCE = 90_000
#: What somebody answers, as forms send it: for readers of any language.
VALUES = {
    "adult": "yes", "kind": "own", "rights": "author", "people": "no", "minors": "none", "sensitive": "none",
    "tier": "public", "licence": "CC-BY-4.0", "purposes": "train", "name": "anonymous",
    "check-1": "no", "check-2": "yes", "check-3": "new",
}  # fmt: skip

#: How big, and in which colours.
SCREENS: dict[str, dict[str, Any]] = {
    "320": {"viewport": {"width": 320, "height": 640}},
    "1280 dark": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"},
}
#: Every control that has no edge of its own, or whose edge has the colour of what is behind it.
EDGELESS = """() => [...document.querySelectorAll('button, .button, select, textarea, input:not([type=hidden])')]
  .filter((e) => e.getClientRects().length)
  .filter((e) => { const s = getComputedStyle(e);
    const native = ['radio', 'checkbox', 'file'].includes(e.type);
    return !native && (s.borderTopStyle === 'none' || parseFloat(s.borderTopWidth) === 0
      || s.borderTopColor === s.backgroundColor); })
  .map((e) => e.outerHTML.slice(0, 120))"""
#: Bars of the figures that cannot be told from the page.
PALE = """() => [...document.querySelectorAll('.chart rect')]
  .filter((e) => getComputedStyle(e).fill === getComputedStyle(document.body).backgroundColor).length"""


class Live:
    """A desk that answers on loopback, over a home of the test's own."""

    def __init__(self, around: Surroundings, *, local: bool = True, host: str = "127.0.0.1") -> None:
        """``local`` false: a desk that takes itself for one that others reach; ``host`` names it in its address."""
        self.path = around.home
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://{host}:{self.socket.getsockname()[1]}"
        app: Any = make_app(replace(site_at(self.url), local=local), around, pseudo=True)
        self.server = uvicorn.Server(
            uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", ws="none", http="h11")
        )
        self.thread = threading.Thread(target=lambda: self.server.run(sockets=[self.socket]), daemon=True)
        self.thread.start()

    def stop(self) -> None:
        """Stop serving."""
        self.server.should_exit = True
        self.thread.join(30)


class Reader:
    """A person at a browser. ``look`` is called on each page they come to."""

    def __init__(self, browser: Any, url: str, look: Callable[[Any], None] = lambda _: None, **options: Any) -> None:
        context = browser.new_context(locale="en-GB", **options)
        context.set_default_timeout(PATIENCE)
        self.page, self.url, self.look = context.new_page(), url, look
        self.complaints: list[str] = []
        self.asked: list[str] = []
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", self._heard)
        self.page.on("request", self._asked)

    def _heard(self, message: Any) -> None:
        if message.type == "error" and "status of 4" not in message.text:
            self.complaints.append(message.text)

    def _asked(self, request: Any) -> None:
        self.asked.append(request.url)
        if not request.url.startswith((self.url, "data:", "blob:")):
            self.complaints.append(f"asked elsewhere: {request.url}")

    def open(self, path: str) -> None:
        """Go to an address."""
        self.page.goto(self.url + path)
        self.look(self.page)

    def press(self, label: str) -> None:
        """Press the one button of this name, and come to the page after it, also where a script leads there."""
        with self.page.expect_navigation():
            self.page.get_by_role("button", name=label, exact=True).click()
        self.look(self.page)

    def choose(self, label: str, after: str = "Go on") -> None:
        """Tick an answer and go on."""
        self.page.get_by_label(label, exact=True).check()
        self.press(after)

    def give(self, name: str = "") -> str:
        """From the start to the receipt; returns the withdrawal code that was shown."""
        page = self.page
        self.open("/")
        self.press("Begin")
        for answer in ("Yes", "Something I wrote", "Yes, I made it", "No, only me", "No", "None of these", "Public"):
            self.choose(answer)
        self.choose("CC BY 4.0")
        page.get_by_label("To be shown").check()
        self.choose("To train models")
        if name:
            page.locator("#name").fill(name)
        self.choose("A pen name" if name else "No name")
        page.locator("#language").select_option("es")
        self.press("Go on")
        page.locator("#text").fill(TEXT)
        self.press("Show me what is kept")
        page.locator("#words").fill("Rosa")
        self.press("Take out")
        self.choose("I read all of it. What has to go is out.")
        self.choose("Yes, at once, when I take it back")
        self.choose("No. We train ours again without it, but copies of others stay as they are")
        self.choose("Yes, a model may give away parts of it")
        self.choose("Nothing new that we make holds it. Copies that are out stay out")
        if self.scripted:
            page.wait_for_function("document.getElementById('made').value !== ''")
        code = str(page.locator("#code").inner_text())
        self.choose("I wrote the code down, or saved it")
        self.press("Give my consent")
        assert page.url.endswith("/give/receipt"), page.url
        return code

    @property
    def scripted(self) -> bool:
        """Whether the page's script runs here."""
        return bool(self.page.locator("html.scripted").count())

    def give_in(self, language: str, text: str = TEXT, *, spoken: str = "es") -> str:
        """The same in a language of the pages; ``spoken`` is that of the text. Returns the withdrawal code."""
        page = self.page
        self.open("/")
        with page.expect_navigation():
            page.locator(f"form.languages button[value={language}]").click()
        with page.expect_navigation():
            page.locator("main form button").first.click()
        code = ""
        while not page.url.endswith("/give/receipt"):
            page.wait_for_load_state()
            self.look(page)
            step = page.url.rpartition("/")[2]
            code = self._answer(step, text, spoken) or code
        self.look(page)
        return code

    def _answer(self, step: str, text: str, spoken: str) -> str:
        """Answer one page and go on; returns the code where it is shown."""
        page, code = self.page, ""
        if step in VALUES:
            page.locator(f"input[name=answer][value='{VALUES[step]}']").check()
        elif step == "about":
            page.locator("#language").select_option(spoken)
        elif step == "text":
            page.locator("#text").fill(text)
        elif step == "preview":
            page.locator("input[name=read]").check()
        elif step == "code":
            if self.scripted:
                page.wait_for_function("document.getElementById('made').value !== ''")
            code = str(page.locator("#code").inner_text())
            page.locator("input[name=kept]").check()
        where = {"preview": "form:has(input[name=read]) button", "answers": "button[value=give]",
                 "code": "form:has(input[name=kept]) button"}  # fmt: skip
        with page.expect_navigation():
            page.locator(where.get(step, "main form button:not(.quiet)")).last.click()
        return code

    def stumble(self, label: str) -> None:
        """Press a button without an answer: the page comes again and says what is missing."""
        self.press(label)
        self.page.locator(".wrong").first.wait_for()


class Talker(Reader):
    """A reader who gives or joins a conversation, or works behind the login: also where a script leads nowhere else."""

    def press(self, label: str) -> None:
        """Press the first button of this name."""
        self.page.get_by_role("button", name=label, exact=True).first.click()
        self.page.wait_for_load_state()
        self.look(self.page)

    def choose(self, *labels: str, after: str = "Go on") -> None:
        """Tick answers and go on."""
        for label in labels:
            self.page.get_by_label(label, exact=True).check()
        self.press(after)

    def give_talk(self, talk: str = TALK, spoken: str = "es") -> str:
        """Give a talk as its A; returns the link for B."""
        page = self.page
        self.open("/")
        self.press("Begin")
        only = "Training only. A model may still give away parts of it."
        for answer in ("Yes", "A talk or chat with other people", "Yes, I made it", "Yes, and we ask each of them",
                       "No", "None of these", only, "To train models", "No name"):  # fmt: skip
            self.choose(answer)
        page.locator("#language").select_option(spoken)
        self.press("Go on")
        page.locator("#text").fill(talk)
        self.press("Show me what is kept")
        page.locator("input[name=read]").check()  # What it says depends on the language of the text.
        self.press("Go on")
        self.choose("A", "Yes, the rest may stay")
        self.finish()
        return str(page.locator(".number", has_text="/join#").inner_text())

    def finish(self) -> str:
        """Three questions, the code, which is returned, and the signature of this browser."""
        self.choose("No. We train ours again without it, but copies of others stay as they are")
        self.choose("Yes, a model may give away parts of it")
        self.choose("Nothing new that we make holds it. Copies that are out stay out")
        self.page.wait_for_function("document.getElementById('made').value !== ''")
        code = str(self.page.locator("#code").inner_text())
        self.choose("I wrote the code down, or saved it")
        self.press("Give my consent")
        self.page.wait_for_url("**/receipt")
        self.look(self.page)
        return code

    def join(self, link: str) -> str:
        """From the link to the party's receipt; returns the party's code."""
        self.open(link.removeprefix(self.url))
        self.press("Read it")
        self.choose("I am this person, and I am 18 or older")
        self.choose(
            "Training only. A model may still give away parts of it.", "To train models", "No, then all of it goes"
        )
        return self.finish()

    def log_in(self, name: str, password: str, code: str) -> None:
        """Behind the login, with the code of an authenticator app."""
        self.open("/desk/login")
        for field, typed in (("name", name), ("password", password), ("code", code)):
            self.page.locator(f"#{field}").fill(typed)
        self.press("Log in")


def _giving_with_every_error(reader: Reader) -> None:
    """Each question is first left open."""
    page = reader.page
    reader.open("/")
    reader.press("Begin")
    for answer in ("Yes", "Something I wrote", "Yes, I made it", "No, only me", "No", "None of these", "Public"):
        reader.stumble("Go on")
        reader.choose(answer)
    reader.stumble("Go on")
    reader.choose("CC BY 4.0")
    reader.stumble("Go on")
    reader.choose("To train models")
    reader.stumble("Go on")
    page.get_by_label("A pen name", exact=True).check()
    reader.stumble("Go on")
    page.get_by_label("ORCID iD", exact=False).first.check()
    page.locator("#name").fill("0000-0000")
    reader.stumble("Go on")
    reader.choose("No name")
    reader.stumble("Go on")
    page.locator("#language").select_option("es")
    reader.press("Go on")
    reader.stumble("Show me what is kept")
    page.locator("#text").fill(TEXT)
    reader.press("Show me what is kept")
    page.locator("#words").fill("nowhere in it")
    reader.press("Take out")
    page.locator("#words").fill("Rosa")
    reader.press("Take out")
    with page.expect_navigation():
        page.locator("form:has(input[name=read]) button").last.click()
    reader.look(page)
    reader.choose("I read all of it. What has to go is out.")
    reader.choose("Yes, at once, when I take it back")


def _giving(reader: Reader) -> None:
    """Under a pen name, to the receipt; then opened by code, checked, taken back and destroyed."""
    code = reader.give("Ada Lace")
    reader.open("/my")
    reader.page.locator("#code").fill("no code")
    reader.press("Open")
    reader.page.locator("#code").fill(code)
    reader.press("Open")
    reader.press("Check the receipt now")
    reader.press("Take it back and destroy it")


def _around(reader: Reader) -> None:
    """Pages that everyone may see, every stop page, and pages of trouble."""
    from consent.desk.stops import STOPS

    for path in (
        "/",
        "/withdraw",
        "/my",
        "/transparency",
        "/report",
        "/local",
        "/notice/2026-12/en",
        "/notice/2026-11/de",
    ):
        reader.open(path)
    for name in STOPS:
        reader.open(f"/stop/{name}")
    for path in ("/nowhere", "/give/text", "/give/receipt", "/revocations.json?after=x"):
        reader.open(path)


def _elsewhere(language: str) -> Callable[[Reader], None]:
    """Some pages in another language, the one that runs from right to left too."""

    def way(reader: Reader) -> None:
        reader.open("/")
        reader.page.evaluate(
            "async (code) => { const f = document.querySelector('form.languages'); const d = new URLSearchParams(new "
            "FormData(f)); d.set('language', code); await fetch('/language', {method: 'POST', body: d}); }",
            language,
        )
        reader.open("/")
        with reader.page.expect_navigation():
            reader.page.locator("main form button").first.click()
        reader.look(reader.page)
        for path in ("/withdraw", "/transparency", "/stop/sensitive"):
            reader.open(path)

    return way


#: How to come to every page: a name, and what a person does. Every page on the way is looked at.
WAYS: dict[str, Callable[[Reader], None]] = {
    "giving": _giving,
    "giving with every error": _giving_with_every_error,
    "around": _around,
    "German": _elsewhere("de"),
    "Spanish": _elsewhere("es"),
    "right to left": _elsewhere("ar-XB"),
}


def axe_source() -> str:
    """The script of axe-core, as its package has it."""
    import axe_playwright_python

    return (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text("utf-8")


def barriers_of(page: Any, source: str, *, contrast: bool = True) -> list[Any]:
    """What axe-core complains about on this page: rule and places."""
    page.evaluate(source)
    run = "([tags, rules]) => axe.run({runOnly: {type: 'tag', values: tags}, rules}).then((r) => r.violations.map("
    run += "(v) => [v.id, v.nodes.map((n) => n.html.slice(0, 200))]))"
    found: list[Any] = page.evaluate(run, [TAGS, {} if contrast else {"color-contrast": {"enabled": False}}])
    return found
