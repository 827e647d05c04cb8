"""Billing's tables, a module each with its SQL. Each column is fed by one type of event: any order gives the same."""
