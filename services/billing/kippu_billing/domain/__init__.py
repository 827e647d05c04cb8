"""Pure: an invoice with its payments, a charge by the terms, and a quote. No clock, no I/O; `now` is always given."""
