"""Streamlit's own login (OpenID Connect) as a way to join: the same login is the same person.

It is used once, to join or to come back: then the class's own cookie says who somebody is, and that
of the login is deleted, with whatever name and e-mail address the provider has put into it. Stored
is a code of issuer and subject, made with the class's secret: nobody can tell from it who that is,
nor that the same login is in another class.
"""

import hmac
import json
from hashlib import sha256

from starlette.requests import Request
from starlette.responses import Response
from streamlit.auth_util import (
    encode_provider_token,
    get_origin_from_redirect_uri,
    is_authlib_installed,
    validate_auth_credentials,
)
from streamlit.errors import StreamlitAuthError
from streamlit.web.server.starlette.starlette_auth_routes import _get_cookie_value_from_request
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME

from mnistlab.ui.classroom.addresses import base_path

PROVIDER = "default"
"""The one whose settings are in `[auth]` itself."""
PATHS = ("/auth/login", "/oauth2callback")
"""Streamlit's paths that strangers need for it."""


def is_configured() -> bool:
    """Whether secrets.toml has a provider, and the library that speaks to it is installed."""
    try:
        validate_auth_credentials(PROVIDER)
    except StreamlitAuthError:
        return False
    return is_authlib_installed()


def login_path() -> str:
    """The address that begins a login; empty if none is configured."""
    if not is_configured():
        return ""
    return f"{base_path()}{PATHS[0]}?provider={encode_provider_token(PROVIDER)}"


def login_of(request: Request, secret: bytes) -> str:
    """The code of the login that a browser brings, by a class's secret; empty without one."""
    # Streamlit checks the signature and the age.
    content = _get_cookie_value_from_request(request, USER_COOKIE_NAME)
    try:
        user = json.loads(content or b"{}")
        subject, issuer = user["sub"], user.get("iss", "")
        is_ours = user["origin"] == get_origin_from_redirect_uri() and user["is_logged_in"] is True
    except (ValueError, KeyError, TypeError, AttributeError):
        return ""
    if not is_ours or not subject:
        return ""
    key = json.dumps(["mnistlab login", issuer, subject]).encode()
    return hmac.new(secret, key, sha256).hexdigest()


def forget_login(request: Request, response: Response) -> None:
    """Delete the login's cookies, of which a long one has several."""
    for name in request.cookies:
        if name.startswith(USER_COOKIE_NAME):
            response.delete_cookie(name, path=base_path() or "/")
