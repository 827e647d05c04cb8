"""Several applications in one process, over real sockets."""

import asyncio
import socket

import httpx
import pytest
from fastapi import FastAPI, Request
from kippu_service.server import Servers


def app(name: str, entered: asyncio.Event | None = None) -> FastAPI:
    made = FastAPI()

    @made.get("/")
    async def root() -> str:
        if entered is not None:
            entered.set()
            await asyncio.sleep(0.3)
        return name

    return made


async def test_each_answers_on_its_own_port_until_the_block_is_left() -> None:
    async with Servers({"one": (app("one"), 0), "two": (app("two"), 0)}) as servers, httpx.AsyncClient() as client:
        assert (await client.get(servers.addresses["one"])).json() == "one"
        answer = await client.get(servers.addresses["two"])
        assert answer.json() == "two"
        assert "server" not in answer.headers
    async with httpx.AsyncClient() as client:
        with pytest.raises(httpx.ConnectError):
            await client.get(servers.addresses["one"])


async def test_a_request_in_progress_is_answered_before_the_stop() -> None:
    entered = asyncio.Event()
    async with httpx.AsyncClient() as client:
        async with Servers({"one": (app("one", entered), 0)}) as servers:
            request = asyncio.create_task(client.get(servers.addresses["one"]))
            await entered.wait()
        assert (await request).json() == "one"


async def test_what_a_proxy_before_it_ended_was_https_to_the_application() -> None:
    made = FastAPI()

    @made.get("/")
    async def scheme(request: Request) -> str:
        return request.url.scheme

    async with Servers({"one": (made, 0)}) as servers, httpx.AsyncClient() as client:
        assert (await client.get(servers.addresses["one"])).json() == "http"
        by_proxy = await client.get(servers.addresses["one"], headers={"X-Forwarded-Proto": "https"})
        assert by_proxy.json() == "https"


async def test_a_port_that_is_taken_is_named_and_nothing_is_left_behind() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match=f"two cannot listen on 127.0.0.1:{port}"):
            async with Servers({"one": (app("one"), 0), "two": (app("two"), port)}):
                raise AssertionError("it must not start")


async def test_an_application_that_cannot_start_ends_all() -> None:
    async def failing(scope: object, receive: object, send: object) -> None:
        raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="did not start"):
        async with Servers({"one": (app("one"), 0), "two": (failing, 0)}):
            raise AssertionError("it must not start")
