from __future__ import annotations

import contextlib
import json
import socket
import threading
from typing import TYPE_CHECKING

import pytest

from autoconfig.server.sockets import note_address

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.cli.conftest import Command, Serve


@pytest.mark.parametrize("kind", ["port", "socket"])
def test_running(on_demo: Command, serve: Serve, tmp_path: Path, kind: str) -> None:
    """A running instance is found by itself, or where one says; exit code 0 if it can answer."""
    server = serve("--uds", tmp_path / "s") if kind == "socket" else serve()
    assert on_demo("ready").out == f"{server.place}: ready\n"
    assert on_demo("ready", "--url", server.place, "--json").data == server.ready()


def test_damaged(on_demo: Command, serve: Serve, demo: Path, wait_until: Callable[[Callable[[], bool]], None]) -> None:
    """An instance that cannot answer is not ready, and says why: exit code 1."""
    server = serve()
    (demo / "mapping.db").write_bytes(b"nothing of ours" * 1000)
    wait_until(lambda: server.get("/internal/readyz", "localhost").status_code == 503)
    printed = on_demo("ready", code=1).out.splitlines()

    assert printed[0] == f"{server.place}: not ready"
    assert "mapping.db" in printed[1]
    assert len(printed) == 2
    assert on_demo("ready", "--json", code=1).data["reasons"].keys() == {"mapping"}


def test_replaced_by_nothing_of_ours(
    on_demo: Command, serve: Serve, demo: Path, wait_until: Callable[[Callable[[], bool]], None]
) -> None:
    """An instance whose every answer is right is ready, also where its file is gone; it says so."""
    server = serve()
    for path in demo.glob("mapping.db*"):
        path.unlink()
    wait_until(lambda: server.ready()["mapping"] != "ok")
    first, second = on_demo("ready").out.splitlines()

    assert first == f"{server.place}: ready"
    assert second.endswith("mapping.db: is gone; the open file is still served")


def test_bad_plans(
    on_demo: Command, serve: Serve, demo: Path, wait_until: Callable[[Callable[[], bool]], None]
) -> None:
    """What is wrong without making an answer wrong is said too."""
    server = serve()
    (demo / "plans.toml").write_text("[plans.x", encoding="utf-8")
    wait_until(lambda: server.ready()["plans_fault"] is not None)

    assert "the last good plans are served: " in on_demo("ready").out


def test_never_run(on_demo: Command) -> None:
    """Where none was ever started, none is running: exit code 1."""
    assert on_demo("ready", code=1).out == "nowhere: not running\n"
    assert on_demo("ready", "--json", code=1).data == {"status": "not running"}


def test_unreadable_state_folder(on_demo: Command, demo: Path) -> None:
    """Where nobody can know whether one runs, that is not said: exit code 2, with the place and the remedy."""
    (demo / "state").touch()
    said = on_demo("ready", code=2).err

    assert said.startswith(f"autoconfig: {demo / 'state' / 'listening.json'}: cannot be read: Not a directory; make ")
    assert "not answering" in on_demo("ready", "--url", f"unix:{demo}/none", code=1).out


@pytest.mark.parametrize("place", ["http://127.0.0.1:{port}", "unix:{folder}/gone"], ids=["port", "socket"])
def test_ended(on_demo: Command, demo: Path, place: str) -> None:
    """Where the last one ended, nobody answers: exit code 1."""
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    note_address(demo / "state", place.format(port=port, folder=demo))

    assert "not answering: [Errno" in on_demo("ready", code=1).out


@pytest.fixture
def stranger() -> Iterator[Callable[[bytes], str]]:
    """Another program that listens, and answers one request with these bytes."""
    threads = []
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as listening:

        def answer(content: bytes) -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(content)

        def start(content: bytes) -> str:
            threads.append(threading.Thread(target=answer, args=(content,)))
            threads[-1].start()
            return f"http://127.0.0.1:{listening.getsockname()[1]}"

        yield start
        for thread in threads:
            thread.join()


def http(status: str, body: str) -> bytes:
    """An answer as it goes over the wire."""
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}".encode()


ANSWERS = {
    "not HTTP": (b"220 mail.example ESMTP\r\n", "not answering: "),
    "nothing": (b"", "not answering: "),
    "not JSON": (http("200 OK", "<html>"), "not answering: "),
    "JSON of another kind": (http("200 OK", "[]"), "another program answers there"),
    "hidden": (http("404 Not Found", "no"), "answers, but not to this machine; is it in the setting internal_"),
    "not ready": (http("503 Service Unavailable", json.dumps({"status": "not ready"})), "not ready"),
}


@pytest.mark.parametrize(("answer", "said"), ANSWERS.values(), ids=ANSWERS)
def test_other_answers(on_demo: Command, stranger: Callable[[bytes], str], answer: bytes, said: str) -> None:
    """Whatever else listens there, and whatever it says: exit code 1 and one line."""
    place = stranger(answer)
    printed = on_demo("ready", "--url", place, code=1).out

    assert printed.startswith(f"{place}: {said}")
    assert len(printed.splitlines()) == 1


@pytest.mark.parametrize("url", ["127.0.0.1:8080", "https://a.example", "http://", "http://a:b", "http://[", "ftp://a"])
def test_no_url(command: Command, url: str) -> None:
    """What is no place to ask is a mistake: exit code 2. No configuration is needed to say one."""
    said = command("ready", "--url", url, code=2).err

    assert said == f"autoconfig: --url {url}: is neither http://HOST:PORT nor unix:PATH\n"


def test_no_config(command: Command) -> None:
    """Without a URL the configuration says where to ask, so it has to be there."""
    command("ready", code=2)
