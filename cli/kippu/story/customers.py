"""The customer whom every story is about, as each provider has it in its register."""

from typing import Any

CUSTOMER = "customer-1"
DEMO_CUSTOMERS = (CUSTOMER,)
"""The customers whom the partner may act for."""


def customer_body(provider: str, country: str, *contacts: tuple[str, str], language: str = "en") -> dict[str, Any]:
    """The registration of the customer; its contacts by id and name."""
    return {
        "customer_id": CUSTOMER,
        "name": "Customer One",
        "language": language,
        "country": country,
        "salesperson": {"id": "sales-1", "name": "Salesperson One", "mail": f"sales-1@{provider}.example"},
        "contacts": [
            {"id": contact, "name": name, "mail": f"{contact}@{CUSTOMER}.example", "language": language}
            for contact, name in contacts
        ],
    }
