"""HTTP, one module a resource. Thin: it reads a body, calls the domain in a unit of work, and answers."""

from kippu_entitlement.api import (
    approvals,
    assets,
    bookings,
    contract_documents,
    contract_imports,
    contract_registrations,
    contracts,
    corrections,
    customers,
    decisions,
    licences,
    orders,
    plans,
    registrations,
    renewals,
    wallets,
)

ROUTERS = (
    customers.router,
    corrections.router,  # before the register's, whose serials may have slashes
    assets.router,
    registrations.router,
    plans.router,
    orders.router,
    bookings.router,
    contracts.router,
    renewals.router,
    licences.router,
    wallets.router,
    decisions.router,
    approvals.router,
    contract_registrations.router,
    contract_documents.router,
    contract_imports.router,
)

__all__ = ["ROUTERS"]
