"""HTTP, a module a resource: visits, shipments with what is due back, spare units."""
