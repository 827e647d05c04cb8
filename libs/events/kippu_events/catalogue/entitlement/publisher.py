"""Who publishes what stands in this package, and beside it in `contracts`, `bookings` and `licences`."""

from kippu_events.event import published_by

entitlement = published_by("entitlement")
