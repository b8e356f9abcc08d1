"""Every form of a part sent with whatever can be typed into it, and what became of each of its fields.

A field is met once a naughty text in it was taken, or refused by an answer that names the field. What was
taken has to be in the database afterwards, to its last letter, and may stand on no page as markup.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from itertools import count, cycle
from urllib.parse import urlsplit

from flask import Flask
from werkzeug.test import TestResponse

from tests.kept import squeezed, texts_kept
from tests.naughty import Form, Slice, every_form
from tests.needs import Needs
from tests.refusals import at_fault, not_back, why
from tests.written import without
from wx_backend.log import masked
from wx_backend.words import printable_lines

Send = Callable[[Form, Mapping[str, str], bool], TestResponse]
"""Sends a form with these fields; as a program, which is told the fields at fault, or as a browser."""
Look = Callable[[str], TestResponse]
Ready = Callable[[], tuple[Mapping[str, object], Mapping[str, str]]]
"""Brings the world where a form is taken: what its route names there, and what it holds beside its texts."""
SHORT = 40
"""As much is typed where a page does not say how much is taken."""
_RAW = re.compile(r"<i>\d{4}&(?!amp;)")
_GOES_STALE = frozenset({"revision", "seen", "key", "client_key"})


class Sweep:
    """Meets the forms of one part, each once, with the texts that are its share."""

    def __init__(
        self,
        app: Flask,
        send: Send,
        look: Look,
        portion: Slice,
        *,
        needs: Needs | None = None,
        left_out: Collection[str] = (),
    ) -> None:
        self.shown: set[str] = set()
        self.fields: dict[str, set[str]] = defaultdict(set)
        self.met: dict[str, set[str]] = defaultdict(set)
        self.answers: dict[str, dict[int, str]] = defaultdict(dict)
        self.sent = 0
        self.played: set[str] = set()
        self.wrong: list[tuple[str, str, int]] = []
        self._typed: dict[tuple[str, str], list[str]] = defaultdict(list)
        self._kept: set[tuple[str, str]] = set()
        self._address = app.url_map.bind("localhost")
        self._send, self._look, self._portion = send, look, portion
        self._needs, self._left_out = needs or Needs(), left_out
        self._seen, self._numbers = set[tuple[str, ...]](), count(1000)

    def page(self, path: str) -> None:
        """All forms of a page; of one that takes no text there is nothing to send."""
        answer = self.look(path)
        if answer.mimetype != "text/html":
            return
        for form in every_form(answer.text, path):
            endpoint = self._endpoint(form)
            self.shown.add(endpoint)
            key = (endpoint, form.method, *form.texts)
            if form.texts and endpoint not in self._left_out and key not in self._seen:
                self._seen.add(key)
                self._form(endpoint, form.texts, partial(self._again, path, form), form.method)

    def look(self, path: str) -> TestResponse:
        """A page, which is there and shows what was typed as text."""
        answer = self._look(path)
        self._check(path, "", answer)
        return answer

    def hidden(self, endpoint: str, texts: Iterable[str], ready: Ready) -> None:
        """A form that no page of these shows, sent to where it would stand."""
        names = [name.replace("*", "1") for name in texts]

        def again() -> Form:
            named, values = ready()
            needed = {name: named[name] for name in self._arguments(endpoint)}
            action = str(self._address.build(endpoint, needed, method="POST"))
            stood = {name: values[name] for name in names if name in values}
            told = {name: value for name, value in values.items() if name not in stood}
            return Form(action, "post", told, names, stood=stood, exact=dict.fromkeys(stood, ""))

        self._form(endpoint, names, again)

    def lacking(self, written: Mapping[str, set[str]]) -> dict[str, list[str]]:
        """The fields no naughty text came to, of those shown and those written, by endpoint."""
        typed = {
            name: self.fields[name] | written.get(name, set()) for name in {*self.fields, *written}
        }
        left = {name: sorted(without(fields, self.met[name])) for name, fields in typed.items()}
        return {name: fields for name, fields in left.items() if fields}

    def refused(self) -> dict[str, dict[int, str]]:
        """Whatever was never taken, with what was answered last."""
        return {
            endpoint: answers
            for endpoint, answers in self.answers.items()
            if not any(status < 400 for status in answers)
        }

    def lost(self) -> set[str]:
        """The fields nothing of which was in the database, word for word, though it was taken."""
        there = squeezed("\n".join(texts_kept()))
        for place, typed in self._typed.items():
            known = (squeezed(each) for text in typed for each in (text, masked(text)))
            if place not in self._kept and any(text in there for text in known):
                self._kept.add(place)
        return {" ".join(place) for place in {*self._typed} - self._kept}

    def _form(
        self, endpoint: str, names: Sequence[str], again: Callable[[], Form], method: str = "post"
    ) -> None:
        if method == "get":
            self._all_at_once(endpoint, names, again, method)
            return
        self.fields[endpoint].update(names)
        form = again()
        has_exact = any(self._needs.sound_of(endpoint, form, name) is not None for name in names)
        if has_exact:  # by which a text everywhere is refused, and leaves the world as it is
            self._all_at_once(endpoint, names, again)
        for each in self._chosen(endpoint):
            self._one_by_one(endpoint, again, each)
            self._in_words(endpoint, again, each)
        if not has_exact:
            self._all_at_once(endpoint, names, again)
            for each in self._chosen(endpoint):  # which may have taken the place of what was kept
                self._in_words(endpoint, again, each)

    def _chosen(self, endpoint: str) -> Sequence[Mapping[str, str]]:
        return self._needs.chosen.get(endpoint, ({},))

    def _texts(self, endpoint: str, names: Iterable[str], method: str = "post") -> Sequence[str]:
        return self._portion.of(" ".join((endpoint, method, *names)))

    def _all_at_once(
        self, endpoint: str, names: Sequence[str], again: Callable[[], Form], method: str = "post"
    ) -> None:
        """Each text of the share in all fields."""
        texts = self._texts(endpoint, names, method)
        for text, chosen in zip(texts, cycle(self._chosen(endpoint)), strict=False):
            self.played.add(text)
            form = again()
            self._try(endpoint, form, {**form.filled(text), **chosen}, names, is_told=False)

    def _one_by_one(
        self, endpoint: str, again: Callable[[], Form], chosen: Mapping[str, str]
    ) -> None:
        """Each field that takes no words, with a text in it and all others as they should be."""
        form = again()
        text = self._texts(endpoint, form.texts)[0]
        for name in form.texts:
            if (
                self._needs.sound_of(endpoint, form, name) is not None
                and name not in self.met[endpoint]
            ):
                filled = {**self._sane(endpoint, form), **chosen, name: text}
                if self._try(endpoint, form, filled, [name], is_told=True):
                    form = again()

    def _in_words(
        self, endpoint: str, again: Callable[[], Form], chosen: Mapping[str, str]
    ) -> None:
        """All fields that take words, each to its end; where that is refused, with little in them."""
        for is_full in (True, False):
            form = again()
            more = self._texts(endpoint, form.texts)[0] if is_full else ""
            filled, words = {**self._sane(endpoint, form), **chosen}, dict[str, str]()
            for name in without(form.texts, chosen):
                sound = self._needs.sound_of(endpoint, form, name)
                if sound is None or "{}" in sound:
                    most = self._needs.most.get(name, form.most.get(name, SHORT))
                    words[name] = self._words(more)[:most]
                    filled[name] = (sound or "{}").replace("{}", words[name])
            if self._try(endpoint, form, filled, [*words], is_told=True):
                for name, typed in words.items():
                    self._typed[endpoint, name].append(printable_lines(typed))
                if len(self._chosen(endpoint)) > 1:  # the next one may take this one's place
                    self.lost()
                return

    def _sane(self, endpoint: str, form: Form) -> dict[str, str]:
        return self._needs.sane(endpoint, form, f"张三{next(self._numbers)}")

    def _words(self, more: str) -> str:
        """What nobody else has typed, and would be markup; then the text."""
        return f"<i>{next(self._numbers)}& {more}"

    def _try(
        self,
        endpoint: str,
        form: Form,
        filled: Mapping[str, str],
        names: Collection[str],
        *,
        is_told: bool,
    ) -> bool:
        """Whether a form was taken; what its answer says of the fields with a naughty text in them."""
        answer = self._send(form, filled, is_told)
        self.sent += 1
        self._check(form.action, str(dict(filled)), answer)
        if gone := not_back(answer, form, filled):
            self.wrong.append((form.action, f"typed and gone: {gone}", answer.status_code))
        is_taken = answer.status_code < 400
        if form.method == "post":
            self.answers[endpoint][answer.status_code] = why(answer)
            self.met[endpoint].update(names if is_taken else {*names} & at_fault(answer))
        return is_taken

    def _check(self, where: str, typed: str, answer: TestResponse) -> None:
        is_raw = answer.mimetype == "text/html" and _RAW.search(answer.text)
        if answer.status_code >= 500 or answer.status_code == 401 or is_raw:
            self.wrong.append((where, typed, answer.status_code))

    def _again(self, path: str, form: Form) -> Form:
        """The form as its page shows it now, where what it holds goes stale; gone, it stays as it was."""
        if not _GOES_STALE & {*form.values}:
            return form
        forms = every_form(self.look(path).text, path)
        alike = (each for each in forms if (each.action, each.texts) == (form.action, form.texts))
        return next(alike, form)

    def _endpoint(self, form: Form) -> str:
        found = self._address.match(urlsplit(form.action).path, method=form.method.upper())
        return str(found[0])

    def _arguments(self, endpoint: str) -> set[str]:
        (rule, *_) = self._address.map.iter_rules(endpoint)
        return set(rule.arguments)
