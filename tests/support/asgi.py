"""Requests to an app within its own loop. A client waits for the end of an answer, which a stream
does not have, and takes longer than the answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

from fastapi import FastAPI

T = TypeVar("T")


@dataclass
class Answer:
    """What has come of an answer: its head with the first part of its body, or all of it."""

    status: int
    headers: dict[str, str]
    body: bytes = b""
    sent: asyncio.Queue[dict[str, Any]] = field(default_factory=asyncio.Queue)

    @property
    def text(self) -> str:
        return self.body.decode(errors="replace")

    async def part(self) -> str:
        """The next part of a stream; "" where it has ended."""
        return str((await asyncio.wait_for(self.sent.get(), 60))["body"].decode())


@asynccontextmanager
async def opened(
    made: FastAPI,
    method: str,
    path: str,
    *,
    body: bytes = b"",
    headers: dict[str, str] | None = None,
) -> AsyncIterator[Answer]:
    """The answer with its first part; its stream ends with the block."""
    sent: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    where, _, query = path.partition("?")
    said = {"host": "127.0.0.1", "content-length": str(len(body))} | (headers or {})
    scope = {
        "type": "http", "method": method, "path": where, "raw_path": where.encode(),
        "query_string": quote(query, "=&%").encode(), "scheme": "http", "http_version": "1.1",
        "headers": [(k.encode(), v.encode()) for k, v in said.items()],
        "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80), "root_path": "",
    }  # fmt: skip
    given = iter([{"type": "http.request", "body": body, "more_body": False}])

    async def receive() -> dict[str, Any]:
        if (message := next(given, None)) is not None:
            return message
        return await asyncio.get_running_loop().create_future()  # type: ignore[no-any-return]

    task = asyncio.create_task(made(scope, receive, sent.put))  # type: ignore[arg-type]
    try:
        start = await asyncio.wait_for(sent.get(), 60)
        heads = {k.decode(): v.decode() for k, v in start["headers"]}
        answer = Answer(start["status"], heads, sent=sent)
        first = await asyncio.wait_for(sent.get(), 60)
        answer.body = first["body"]
        while first.get("more_body", False) and "event-stream" not in heads["content-type"]:
            first = await asyncio.wait_for(sent.get(), 60)
            answer.body += first["body"]
        yield answer
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def in_loop(work: Coroutine[Any, Any, T]) -> T:
    """As asyncio.run(). A browser that a test before this one has opened in this thread leaves a
    loop there that counts as running, though nothing of it runs."""
    left = asyncio._get_running_loop()
    asyncio._set_running_loop(None)
    try:
        return asyncio.run(work)
    finally:
        asyncio._set_running_loop(left)


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"} if token else {}


async def ask(
    made: FastAPI, path: str, token: str, form: dict[str, str] | None = None, **more: str
) -> Answer:
    """The whole answer to a GET, or to a POST of a form; more: headers, _ for -."""
    headers = bearer(token) | {k.replace("_", "-"): v for k, v in more.items()}
    if form is not None:
        headers["content-type"] = "application/x-www-form-urlencoded"
    body = urlencode(form or {}).encode()
    method = "GET" if form is None else "POST"
    async with opened(made, method, path, body=body, headers=headers) as answer:
        return answer
