"""A service that is told to stop while clients go on ends in good order: exit 0, and nobody loses anything."""

import pytest
from kippu.testing.proof import prove
from kippu.testing.town import Town
from kippu.testing.traffic import Ledger, clients, flowing

STOPS = 2


@pytest.mark.parametrize("name", ["intake", "entitlement"])
async def test_a_service_that_is_told_to_stop_under_load_ends_in_good_order(
    town: Town, ledger: Ledger, name: str
) -> None:
    service = town.services[name]
    # Given a service that has said of other tests' faults what there was to say (while its database was away)
    service.hear_out()
    async with clients(town, f"stopped-{name}") as traffic:
        async with flowing(traffic):
            for _ in range(STOPS):
                # And clients who are being served
                await traffic.served()
                # When it is told to stop (SIGTERM), then it ends by itself, and has nothing to complain of
                await service.stop()
                assert "Traceback" not in service.said, service.said
                service.start()
                await service.ready()
        # And whatever was acknowledged is there, once
        await prove(town, traffic, ledger)
