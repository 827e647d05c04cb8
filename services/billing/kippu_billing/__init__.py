"""Billing: quotes, invoices and payments. Prices are the plan's, pinned in the events that billing hears.

It never computes a price, never knows a plan, and never credits anything: entitlement hears InvoicePaid and does.
"""
