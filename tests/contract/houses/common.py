"""What the houses share."""

from datetime import UTC, datetime
from pathlib import Path

from kippu_events.catalogue.values import Price, PriceLine

NOON = datetime(2026, 11, 18, 5, tzinfo=UTC)
"""Wednesday 12:00 in Bangkok: when every house is looked at."""
PLAN_TEXT = (Path(__file__).parents[3] / "plans" / "iij-se.toml").read_text()
UNIT_PLAN_TEXT = (Path(__file__).parents[3] / "plans" / "qnp.toml").read_text()
LICENCE_PLAN_TEXT = (
    (Path(__file__).parents[3] / "plans" / "cwc.toml").read_text().replace('provider = "cwc"', 'provider = "iij"')
)
"""The terms of licences, as if the house's provider sold them too."""
TICKET_PLAN_TEXT = (
    (Path(__file__).parents[3] / "plans" / "svt.toml").read_text().replace('provider = "svt"', 'provider = "iij"')
)
"""The terms of service tickets, likewise."""
CUSTOMER = {
    "customer_id": "customer-1",
    "name": "Customer One",
    "language": "en",
    "country": "JP",
    "salesperson": {"id": "sales-1", "name": "Salesperson One", "mail": "sales-1@provider.example"},
    "contacts": [{"id": "contact-1", "name": "Contact One", "mail": "one@customer-1.example", "language": "en"}],
}
"""As it is told to entitlement, where all services are alive."""
LINE_TEXT = "ten of the blue kind"
PRICE = Price(
    currency="THB",
    lines=(PriceLine(product="se-10", description=LINE_TEXT, quantity=1, unit_price=975_000, tax_rate_permyriad=700),),
    tax_name="VAT",
    tax_rounding="half_up",
    withholding_permyriad=300,
    payment_days=30,
    time_zone="Asia/Bangkok",
)
