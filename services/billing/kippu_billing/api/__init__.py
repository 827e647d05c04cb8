"""HTTP, a module a resource. Amounts are integers of the currency's minor unit."""
