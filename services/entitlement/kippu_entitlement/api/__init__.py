"""HTTP, one module a resource. Thin: it reads a body, calls the domain in a unit of work, and answers."""

from kippu_entitlement.api import (
    approvals,
    assets,
    bookings,
    contracts,
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
)

__all__ = ["ROUTERS"]
