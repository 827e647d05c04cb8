"""Dispatch's tables, a module each with its SQL: visits, shipments with what is due back, spare units."""
