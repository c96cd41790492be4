"""The OpenAPI description, with the bodies that are read by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from plexsync.web import models
from plexsync.web.models import Fault

_PLACE = "#/components/schemas/{model}"


def body_of(model: type[BaseModel]) -> dict[str, Any]:
    """What the description of a request says of its body."""
    schema = {"$ref": _PLACE.format(model=model.__name__)}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def described(app: FastAPI) -> Callable[[], dict[str, Any]]:
    """Makes the description once it is asked for, and keeps it."""

    def description() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _description(app)
        return app.openapi_schema

    return description


def _description(app: FastAPI) -> dict[str, Any]:
    found = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
    _, bodies = models_json_schema([(model, "validation") for model in _bodies(found)], ref_template=_PLACE)
    found["components"]["schemas"] |= bodies["$defs"] | {Fault.__name__: Fault.model_json_schema()}
    for path, operations in found["paths"].items():
        for operation in operations.values():
            _add_faults(operation, keyed=path.startswith("/api/"))
    return found


def _bodies(description: dict[str, Any]) -> list[type[BaseModel]]:
    """The models that `body_of` named."""
    operations = [operation for path in description["paths"].values() for operation in path.values()]
    bodies = [operation["requestBody"]["content"] for operation in operations if "requestBody" in operation]
    names = {content["application/json"]["schema"]["$ref"].rpartition("/")[2] for content in bodies}
    return [getattr(models, name) for name in sorted(names)]


def _add_faults(operation: dict[str, Any], *, keyed: bool) -> None:
    operation["responses"].pop("422", None)
    if not keyed:
        return
    fault = {"content": {"application/json": {"schema": {"$ref": _PLACE.format(model=Fault.__name__)}}}}
    told = {"401": "No key, or an unknown one.", "422": "The request cannot be understood.", "503": "A peer is away."}
    if "requestBody" in operation:
        told |= {"413": "The body is too large."}
    operation["responses"] |= {status: {"description": text} | fault for status, text in told.items()}
