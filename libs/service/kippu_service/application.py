"""One service's HTTP application, from its `Service` and `Runtime`."""

import asyncio
import json
import re
from typing import Any

import asyncpg
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from prometheus_client import REGISTRY, generate_latest
from starlette.responses import JSONResponse, Response

from kippu_service.http import commands, queries
from kippu_service.http.edge import Edge, Gate, Metrics, Routes
from kippu_service.http.short_ways import ShortWays
from kippu_service.problems import HANDLED, MAX_BODY_BYTES, MEDIA_TYPE, ProblemDocument, handle
from kippu_service.runtime import Runtime
from kippu_service.service import Service

READY_SECONDS = 2.0
"""How long the databases may take to answer a readiness probe."""


def create_app(service: Service, runtime: Runtime) -> FastAPI:
    """The service's application."""
    app = FastAPI(
        title=f"Kippu {service.name}",
        version="1",
        responses={"default": {"description": "A problem (RFC 9457)", "model": ProblemDocument}},
    )
    metrics, routes = Metrics(), Routes()
    app.state.edge = Edge(service, runtime, routes)
    for middleware in reversed(service.middleware):
        app.add_middleware(middleware)
    app.add_middleware(Gate, metrics=metrics, routes=routes)
    for kind, answer in {**dict.fromkeys(HANDLED, handle), **service.handlers}.items():
        app.add_exception_handler(kind, answer)
    short_ways = ShortWays(app.router, MAX_BODY_BYTES)
    app.router.routes.append(short_ways)
    for router in service.routers:
        app.include_router(router, max_body_size=MAX_BODY_BYTES)
    _add_operations(app, runtime, metrics)
    routes.learn(app.routes)
    short_ways.learn(app.routes)
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]  # how FastAPI documents it
    return app


def _add_operations(app: FastAPI, runtime: Runtime, metrics: Metrics) -> None:
    """What operators ask; it tells nothing of anybody's data."""

    async def live() -> Response:
        return JSONResponse({"status": "live"})

    async def ready() -> Response:
        databases = {"readers": runtime.readers, "writers": runtime.writers}
        answers = await asyncio.gather(*map(_answers, databases.values()))
        checks = dict(zip(databases, answers, strict=True))
        status = 200 if all(answers) else 503
        return JSONResponse({"status": "ready" if status == 200 else "not ready", "checks": checks}, status)

    async def measured() -> Response:
        return Response(generate_latest(REGISTRY) + generate_latest(metrics.registry), media_type="text/plain")

    app.add_api_route("/health/live", live, include_in_schema=False)
    app.add_api_route("/health/ready", ready, include_in_schema=False)
    app.add_api_route("/metrics", measured, include_in_schema=False)


async def _answers(pool: asyncpg.Pool) -> bool:
    try:
        async with asyncio.timeout(READY_SECONDS):
            return bool(await pool.fetchval("select true"))
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
        return False


def _openapi(app: FastAPI) -> dict[str, Any]:
    """FastAPI's document, made true: problems have their own media type, and commands and queries read headers."""
    if app.openapi_schema is None:
        document = get_openapi(title=app.title, version=app.version, routes=app.routes)
        scopes: set[str] = set()
        for operation in [operation for path in document["paths"].values() for operation in path.values()]:
            for requirement in operation.get("security", ()):
                for scope in requirement.get("client_credentials", ()):
                    scopes.add(scope)
                    headers = commands.HEADERS if scope.endswith(":write") else queries.HEADERS
                    operation.setdefault("parameters", []).extend(headers)
            _declare_problems(operation["responses"])
        schemes = document.get("components", {}).get("securitySchemes", {})
        for scheme in schemes.values():
            scheme["flows"]["clientCredentials"]["scopes"] = {scope: f"may {scope}" for scope in sorted(scopes)}
        app.openapi_schema = _with_short_names(document)
    return app.openapi_schema


def _with_short_names(document: dict[str, Any]) -> dict[str, Any]:
    """Where models share a name, FastAPI puts all their packages before it: the last one tells them apart, as in
    `ShipmentStatus` for the `Status` of `shipment`."""
    schemas = document.get("components", {}).get("schemas", {})
    short = {name: _short(name) for name in schemas if "__" in name}
    names = [short.get(name, name) for name in schemas]
    if len(set(names)) < len(names):
        raise ValueError(f"models of this service share a name: {sorted(short)}")
    text = re.sub(r"\b\w+__\w+\b", lambda found: short.get(found[0], found[0]), json.dumps(document))
    renamed: dict[str, Any] = json.loads(text)
    return renamed


def _short(name: str) -> str:
    *_, module, model = name.split("__")
    return "".join(word.capitalize() for word in module.split("_")) + model


def _declare_problems(responses: dict[str, Any]) -> None:
    responses.pop("422", None)  # FastAPI's own validation document, which is never sent
    problem = responses.get("default")
    if problem is not None and "application/json" in problem.get("content", {}):
        problem["content"] = {MEDIA_TYPE: problem["content"].pop("application/json")}
