"""Wherever a route takes an instant or a date, a bare number is refused: it would be read as a Unix time."""

from collections.abc import Iterator
from datetime import date, datetime
from importlib import import_module
from pkgutil import iter_modules
from typing import Annotated, Any, get_args, get_origin

import pytest
from fastapi import APIRouter
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from pydantic import AwareDatetime, BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

SERVICES = ("intake", "entitlement", "dispatch", "billing")
NUMBERS = (1_763_260_200, 1_763_260_200_000, 20_261_116.0, "1763260200", "20261116")


def routes(service: str) -> Iterator[APIRoute]:
    package = import_module(f"kippu_{service}.api")
    for found in iter_modules(package.__path__, f"{package.__name__}."):
        router = getattr(import_module(found.name), "router", None)
        if isinstance(router, APIRouter):
            yield from (route for route in router.routes if isinstance(route, APIRoute))


def taken(route: APIRoute) -> Iterator[tuple[str, FieldInfo]]:
    """Every parameter and every field of the body, of whatever is inside it too."""
    for name, field in parameters(route.dependant):
        yield from fields_in(name, field, frozenset())
    if route.body_field is not None:
        yield from fields_in("body", route.body_field.field_info, frozenset())


def parameters(dependant: Dependant) -> Iterator[tuple[str, FieldInfo]]:
    for parameter in (*dependant.path_params, *dependant.query_params, *dependant.header_params):
        yield parameter.name, parameter.field_info
    for inner in dependant.dependencies:
        yield from parameters(inner)


def fields_in(name: str, field: FieldInfo, around: frozenset[type]) -> Iterator[tuple[str, FieldInfo]]:
    yield name, field
    for model in models_in(field.annotation):
        if model not in around:
            for inner, info in model.model_fields.items():
                yield from fields_in(f"{name}.{inner}", info, around | {model})


def types_in(annotation: Any) -> Iterator[Any]:
    yield annotation
    inside = get_args(annotation)
    for each in inside[:1] if get_origin(annotation) is Annotated else inside:
        yield from types_in(each)


def models_in(annotation: Any) -> list[type[BaseModel]]:
    return [each for each in types_in(annotation) if isinstance(each, type) and issubclass(each, BaseModel)]


def is_of_time(field: FieldInfo) -> bool:
    return any(each in (date, datetime, AwareDatetime) for each in types_in(field.annotation))


ASKED = [
    pytest.param(field, id=f"{service} {sorted(route.methods)[0]} {route.path} {name}")
    for service in SERVICES
    for route in routes(service)
    for name, field in taken(route)
    if is_of_time(field)
]


def test_routes_of_every_kind_are_looked_at() -> None:
    ids = " ".join(str(each.id) for each in ASKED)
    for known in ("valid_at", "as_of", "body.request.received_at", "body.contracts.valid_from", "body.received_on"):
        assert known in ids


@pytest.mark.parametrize("field", ASKED)
def test_a_number_is_no_instant_and_no_date(field: FieldInfo) -> None:
    adapter: TypeAdapter[Any] = TypeAdapter(Annotated[field.annotation, field])
    for number in NUMBERS:
        with pytest.raises(ValidationError, match=r"is written as in RFC 3339"):
            adapter.validate_python(number)
