"""Every service with one customer's data in it: what burglars try, and what requests are generated against."""

from kippu_service.testing.tenancy import House

from houses.billing import BILLING
from houses.console import CONSOLE
from houses.dispatch import DISPATCH
from houses.entitlement import ENTITLEMENT
from houses.intake import INTAKE
from houses.sample import SAMPLE

SERVICES: dict[str, House] = {house.log: house for house in (INTAKE, ENTITLEMENT, DISPATCH, BILLING, CONSOLE)}
HOUSES: dict[str, House] = {**SERVICES, SAMPLE.log: SAMPLE}
