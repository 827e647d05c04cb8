"""HTTP, one module a resource. Thin: it reads a body, calls the domain in a unit of work, and answers."""

from kippu_entitlement.api import (
    approvals,
    assets,
    contract_registrations,
    contracts,
    corrections,
    customers,
    decisions,
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
    contracts.router,
    renewals.router,
    wallets.router,
    decisions.router,
    approvals.router,
    contract_registrations.router,
)

__all__ = ["ROUTERS"]
