"""The addresses at which others on the local network reach this machine."""

import ipaddress
import socket
from urllib.parse import urlsplit, urlunsplit

# Of RFC 5737 and RFC 3849: for documentation, in no network. No packet is sent to them.
PROBES = ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1"))


def local_addresses() -> list[str]:
    """The IP addresses from which this machine would send to others; empty without a network."""
    found = []
    for family, probe in PROBES:
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as one:
                one.connect((probe, 9))
                address = str(one.getsockname()[0])
        except OSError:
            continue
        if not ipaddress.ip_address(address).is_loopback:
            found.append(address)
    return found


def base_url(address: str, port: int, base_path: str = "") -> str:
    """The URL of the app at an IP address or name, without a slash at the end."""
    host = f"[{address}]" if ":" in address else address
    path = base_path.strip("/")
    return f"http://{host}:{port}" + (f"/{path}" if path else "")


def reachable(url: str) -> str:
    """The same URL for other machines: for `localhost`, this machine's address if it has one."""
    parts = urlsplit(url)
    name = parts.hostname or ""
    try:
        is_loopback = name == "localhost" or ipaddress.ip_address(name).is_loopback
    except ValueError:
        is_loopback = False
    addresses = local_addresses() if is_loopback else []
    if not addresses:
        return url
    host = f"[{addresses[0]}]" if ":" in addresses[0] else addresses[0]
    port = f":{parts.port}" if parts.port else ""
    return urlunsplit(parts._replace(netloc=host + port))
