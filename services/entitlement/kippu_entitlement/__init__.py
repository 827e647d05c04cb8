"""Entitlement: customers, assets, plans, orders, wallets of prepaid tickets, and what the terms say about a request.

Every decision is a pure function of a plan version and of facts that stand in this service's own streams; it names
the clause that decided. Prepaid tickets are taken only by a debit with its allocations, and never below nothing.
It must never decide from a read model, nor ask another service.
"""
