"""Pure: visits, shipments with their returns, and spare units. No clock, no I/O; `now` is always given.

`visit` is about one request's visits. `shipment` is the state of one request's shipments; `planning` says what others'
decisions make of them, `reports` what the dispatcher says about a shipment, `returns` what comes of the defective unit.
`unit` is a spare unit in stock.
"""
