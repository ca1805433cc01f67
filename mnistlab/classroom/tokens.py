"""Tokens that say who somebody is: a person's number and nonce with a message authentication code.

Nothing has to be stored for them, and a restarted server knows them again. A new nonce makes a
person's earlier tokens invalid.
"""

import base64
import hmac
from hashlib import sha256

SECRET_BYTES = 32
ID_BYTES, NONCE_BYTES, MAC_BYTES = 4, 4, 16
"""128 bits of the code, as RFC 2104 allows: half of SHA-256's."""
N_BYTES = ID_BYTES + NONCE_BYTES + MAC_BYTES
N_CHARACTERS = -(-N_BYTES * 8 // 5)
PADDING = "=" * (-N_CHARACTERS % 8)


def make_token(secret: bytes, person: int, nonce: int) -> str:
    """The token of a person, in small letters and digits; both numbers are below 2³²."""
    name = person.to_bytes(ID_BYTES, "big") + nonce.to_bytes(NONCE_BYTES, "big")
    return base64.b32encode(name + _code(secret, name)).decode().rstrip("=").lower()


def read_token(secret: bytes, token: str) -> tuple[int, int] | None:
    """The person and nonce of a token; None if it was not made with this secret."""
    if len(token) != N_CHARACTERS or not token.isascii():
        return None
    try:
        content = base64.b32decode(token.upper() + PADDING)
    except ValueError:
        return None
    name, code = content[:-MAC_BYTES], content[-MAC_BYTES:]
    # In constant time: how long it takes must not tell how much of a guess is right.
    if not hmac.compare_digest(code, _code(secret, name)):
        return None
    return int.from_bytes(name[:ID_BYTES], "big"), int.from_bytes(name[ID_BYTES:], "big")


def _code(secret: bytes, name: bytes) -> bytes:
    return hmac.digest(secret, b"mnistlab person" + name, sha256)[:MAC_BYTES]
