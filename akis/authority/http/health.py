"""Routes for whoever runs an authority: is it alive, can it work, what does it do."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from akis.authority.http.bodies import StatusOut
from akis.authority.http.documented import refusals
from akis.authority.http.metrics import MEDIA_TYPE
from akis.authority.http.of_request import TheService
from akis.authority.refused import Refused
from akis.unlock.kinds import Kind

router = APIRouter(tags=["operation"])


@router.get("/healthz", summary="Is it alive", responses=refusals())
async def health() -> StatusOut:
    """The process answers; nothing else is asked for."""
    return StatusOut()


@router.get("/readyz", summary="Can it work", responses=refusals(Kind.NOT_READY))
def ready(service: TheService) -> StatusOut:
    """The database answers and has the tables of this version, and the master key can be used; asked just now."""
    complaint = service.readiness.complaint(service.authority)
    if complaint is not None:
        raise Refused(Kind.NOT_READY, complaint)
    return StatusOut()


@router.get(
    "/metrics",
    summary="Figures for Prometheus",
    response_class=Response,
    responses={**refusals(), 200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
def metrics(service: TheService) -> Response:
    """Requests, exchanges and processor time, of all workers together."""
    return Response(service.metrics.page(), media_type=MEDIA_TYPE)
