"""HTTP, one module a resource. Thin: it reads a body, calls the domain in a unit of work, and answers."""

from kippu_entitlement.api import approvals, assets, customers, decisions, orders, plans, wallets

ROUTERS = (
    customers.router,
    assets.router,
    plans.router,
    orders.router,
    wallets.router,
    decisions.router,
    approvals.router,
)

__all__ = ["ROUTERS"]
