"""Pure: visits, shipments with their returns, and spare units. No clock, no I/O; `now` is always given.

`visit` is the state of one request's visits; `visit_planning` says what others' decisions make of them, `visit_reports`
what the dispatcher says about one. `shipment` is the state of one request's shipments; `planning` says what others'
decisions make of them, `reports` what the dispatcher says about a shipment, `returns` what comes of the defective unit.
`unit` is a spare unit in stock.
"""
