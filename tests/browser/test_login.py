"""Joining with a login: the whole way to a provider of OpenID Connect and back, over HTTP.

The provider is a small one on the loopback, which logs everybody in as the same subject.
"""

import json
import threading
import time
from collections.abc import Iterator
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from mnistlab.home import Home
from mnistlab.store.classroom import people
from mnistlab.store.store import Store
from tests.browser.conftest import end, serve, settled

if TYPE_CHECKING:
    from joserfc.jwk import RSAKey
    from playwright.sync_api import Browser, Page

CLIENT = "mnistlab"
pytest.importorskip("authlib", reason="logins: pip install -r requirements-login.txt to run this")
pytest.importorskip("httpx", reason="logins: pip install -r requirements-login.txt to run this")


@cache
def key() -> "RSAKey":
    """The provider's own, for its signatures."""
    from joserfc.jwk import RSAKey

    return RSAKey.generate_key(2048, auto_kid=True)


def provider_of(server: ThreadingHTTPServer) -> str:
    return f"http://127.0.0.1:{server.server_address[1]}"


class Provider(BaseHTTPRequestHandler):
    """The four addresses that a client of OpenID Connect asks for."""

    asked: ClassVar[dict[str, str]] = {}
    """What the client sent to begin the login."""

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        here = provider_of(self.server)  # type: ignore[arg-type]
        if parts.path == "/.well-known/openid-configuration":
            self._send(
                {
                    "issuer": here,
                    "authorization_endpoint": f"{here}/authorize",
                    "token_endpoint": f"{here}/token",
                    "jwks_uri": f"{here}/keys",
                    "id_token_signing_alg_values_supported": ["RS256"],
                }
            )
        elif parts.path == "/keys":
            self._send({"keys": [key().as_dict(private=False, alg="RS256", use="sig")]})
        elif parts.path == "/authorize":
            Provider.asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
            back = urlencode({"code": "once", "state": self.asked["state"]})
            self.send_response(302)
            self.send_header("Location", f"{self.asked['redirect_uri']}?{back}")
            self.end_headers()
        else:
            self.send_error(404)

    def do_POST(self) -> None:
        from joserfc import jwt

        self.rfile.read(int(self.headers["Content-Length"]))
        now = int(time.time())
        claims = {
            "iss": provider_of(self.server),  # type: ignore[arg-type]
            "sub": "pupil-17",
            "aud": CLIENT,
            "iat": now,
            "exp": now + 300,
            "nonce": self.asked["nonce"],
        }
        token = jwt.encode({"alg": "RS256", "kid": key().kid}, claims, key())
        self._send({"access_token": "a", "token_type": "Bearer", "id_token": token})

    def _send(self, content: object) -> None:
        body = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the test's output stays readable."""


@pytest.fixture
def provider() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Provider)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield provider_of(server)
    server.shutdown()
    server.server_close()


def test_the_same_login_on_two_devices_is_one_person(
    page: "Page", chromium: "Browser", home_folder: Path, provider: str
) -> None:
    from playwright.sync_api import expect

    home = Home(home_folder).of_class("7b")
    store = Store(home.runs)
    people.open_class(store, "7b")
    secrets = home_folder / "secrets.toml"
    app = serve(home.root, class_name="7b", options=[f"--secrets.files={secrets}"])
    # The server reads it when somebody joins: before it was started it had no port.
    settings = {
        "redirect_uri": f"{app.url}/oauth2callback",
        "cookie_secret": "a secret of thirty-two characters",
        "client_id": CLIENT,
        "client_secret": "of the trial",
        "server_metadata_url": f"{provider}/.well-known/openid-configuration",
    }
    lines = [f"{name} = {json.dumps(value)}" for name, value in settings.items()]
    secrets.write_text("\n".join(["[auth]", *lines, "[auth.client_kwargs]", 'scope = "openid"']))
    try:
        seen: list[str] = []
        for _ in range(2):
            one = chromium.new_context().new_page()
            one.goto(app.url)
            one.get_by_role("link", name="Log in").click()
            if not seen:
                expect(one.get_by_text("You have logged in")).to_be_visible()
                seen.append(one.locator(".name").inner_text())
                one.get_by_role("button", name="Join").click()
            settled(one)
            expect(one.get_by_role("button", name=seen[0])).to_be_visible()
            cookies = [each["name"] for each in one.context.cookies()]
            assert not [name for name in cookies if name.startswith("_streamlit_user")]
        assert Provider.asked["scope"] == "openid"
        assert [each.name for each in people.people(store)] == ["Teacher", *seen]
    finally:
        end(app)
