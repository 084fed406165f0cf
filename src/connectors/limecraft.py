"""Limecraft Flow, where MeMAD keeps its media: a login gives a token, and a media object leads to a link to download it by.

    POST {address}/login                 username, password  -> {"token": …}
    GET  {address}/production/N/mo/M/moa  the media object    -> {"hrefs": {"moi": …}}
    GET  moi                              its instances       -> [{"mimeType": "video/mp4", "hrefs": {"downloadLink": …}}, …]
    GET  downloadLink                                         -> the link, as text

Each but the first takes `access_token`. A token holds for an hour; one that is refused earlier is asked for anew, once. The
link holds for a while only, so what is stored is the address of the media object.

Source: documentation of the Limecraft API, https://platform.limecraft.com/api/documentation.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from ..errors import ConfigError, FetchError, MediaError
from .asking import Answer, Asker, Login, is_web, read_json, with_host
from .base import Connector, Found

_TOKEN_S = 3300.0
"""An hour, less what a request may take."""


class Limecraft(Connector):
    """Media objects of Limecraft Flow."""

    name = "limecraft"

    def __init__(self, address: str, login: Login | None, asker: Asker) -> None:
        """Begin.

        Args:
            address: Of the API, `https://platform.limecraft.com/api`.
            login: Who asks; None where nobody is set.
            asker: Carries the requests.
        """
        self._address, self._login = address.rstrip("/"), login
        self._media_asker = asker
        self._asker = replace(asker, guard=with_host(asker.guard, address))
        self._token, self._token_until = "", 0.0
        self._lock = threading.Lock()

    def takes(self, locator: str) -> bool:
        """Say whether an address is one of the API."""
        return bool(self._address) and locator.startswith(self._address + "/")

    def resolve(self, locator: str) -> Found:
        """Ask for the link that a media object is downloaded by."""
        moi = _href(locator, self._with_token(locator, lambda answer: read_json(locator, answer)), "moi")
        instances = self._with_token(moi, lambda answer: read_json(moi, answer))
        link = self._link(locator, instances)
        text = self._with_token(link, lambda answer: _text(link, answer))
        if not is_web(text) or not text.isprintable() or " " in text:
            raise FetchError(locator, "has a download link that is no address", passing=True)
        return Found(self.name, locator, locator, text, guard=self._media_asker.guard)

    def _link(self, locator: str, instances: Any) -> str:
        """Return the download link of the first video among the instances of a media object."""
        if not isinstance(instances, list):
            raise FetchError(locator, "answers something that is no list of media", passing=True)
        videos = [one for one in instances if isinstance(one, dict) and str(one.get("mimeType", "")).startswith("video")]
        if not videos:
            raise MediaError(locator, "has no video among its media. Check the address in Limecraft.")
        return _href(locator, videos[0], "downloadLink")

    def _with_token(self, url: str, read: Callable[[Answer], Any]) -> Any:
        """Ask for an address of the API with a token, with a new one where it is refused."""
        if _origin(url) != _origin(self._address):
            raise FetchError(self._address, "leads to another server, which gets no token")
        for attempt in range(2):
            token = self._fresh_token(anew=attempt > 0)
            try:
                return read(self._asker.ask(url, query={"access_token": token}, accept="application/json, text/plain, */*"))
            except FetchError as err:
                if attempt or not err.why.startswith(("answers 401", "answers 403")):
                    raise
        raise AssertionError("unreachable: the second try returns or raises")

    def _fresh_token(self, *, anew: bool) -> str:
        with self._lock:
            if anew or not self._token or self._asker.clock() >= self._token_until:
                self._token, self._token_until = self._log_in(), self._asker.clock() + _TOKEN_S
            return self._token

    def _log_in(self) -> str:
        if self._login is None:
            raise ConfigError(
                "Limecraft wants a user and a password. Give them in the environment or in .env: FACEREC_LIMECRAFT__USER and "
                "FACEREC_LIMECRAFT__PASSWORD."
            )
        form = {"username": self._login.user, "password": self._login.password, "rememberMe": "false", "useCookies": "false"}
        url = f"{self._address}/login"
        try:
            said = self._asker.ask_json(url, form=form)
        except FetchError as err:
            if err.why.startswith(("answers 400", "answers 401", "answers 403")):
                why = f'refuses the user "{self._login.user}" ({err.why}). Check limecraft.user and limecraft.password'
                raise FetchError(url, why) from err
            raise
        token = said.get("token") if isinstance(said, dict) else None
        if not isinstance(token, str) or not token:
            raise FetchError(url, "answers no token", passing=True)
        return token


def _href(locator: str, said: Any, name: str) -> str:
    try:
        href = said["hrefs"][name]
    except (KeyError, TypeError):
        href = None
    if not isinstance(href, str) or not is_web(href):
        raise FetchError(locator, f"does not say where its {name} is", passing=True)
    return href


def _text(url: str, answer: Answer) -> str:
    """Read a link that comes as text, also within the quotes of JSON."""
    if answer.is_html:
        raise FetchError(url, "answers a web page instead of a link: it is down, or wants a login", passing=True)
    return answer.data.decode("utf-8", "replace").strip().strip('"')


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc.lower()
