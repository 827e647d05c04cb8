"""What a renewal would cost, and from when to when it would last."""

from typing import Annotated

from fastapi import APIRouter
from kippu_service.http import Query, query
from starlette.responses import Response

from kippu_entitlement import terms
from kippu_entitlement.api.decisions import PLANS
from kippu_entitlement.api.references import unknown_plan
from kippu_entitlement.domain.plan import Plans, PlanVersion
from kippu_entitlement.renewal_preview import RenewalPreviewInput, RenewalPreviewShown, preview

router = APIRouter(tags=["renewals"])


@router.post("/v1/renewals/preview", response_model=RenewalPreviewShown)
async def preview_renewal(body: RenewalPreviewInput, query: Annotated[Query, query("orders:read")]) -> Response:
    """Dates and amounts, by the rules that would decide the order itself. Changes nothing, and looks up nothing."""
    rows = await query.fetch(PLANS, body.plan_family)
    published = Plans(tuple(PlanVersion(**row) for row in rows))
    try:
        return query.answer(preview(published, query.provider, body))
    except terms.NoTerms as error:
        field = "plan_family" if body.plan_version is None or not published.exists else "plan_version"
        raise unknown_plan(str(error), field) from None
