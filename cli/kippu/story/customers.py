"""The customer whom every story is about, as each provider has it in its register."""

from typing import Any

CUSTOMER = "customer-1"
CONTACT = ("contact-1", "Contact One", "en")
"""Who asks in most stories."""
DEMO_CUSTOMERS = (CUSTOMER,)
"""The customers whom the partner may act for."""


def customer_body(
    provider: str,
    country: str,
    *contacts: tuple[str, str, str],
    customer_id: str = CUSTOMER,
    name: str = "Customer One",
) -> dict[str, Any]:
    """The registration of a customer, in its first contact's language; its contacts by id, name and language."""
    return {
        "customer_id": customer_id,
        "name": name,
        "language": contacts[0][2],
        "country": country,
        "salesperson": {"id": "sales-1", "name": "Salesperson One", "mail": f"sales-1@{provider}.example"},
        "contacts": [
            {"id": contact, "name": who, "mail": f"{contact}@{customer_id}.example", "language": language}
            for contact, who, language in contacts
        ],
    }
