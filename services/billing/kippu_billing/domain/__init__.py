"""Pure: an invoice with its payments, and a quote. No clock, no I/O; `now` is always given."""
