"""The read models: what queries show, written by projectors from this service's own log, and never decided from.

Every row comes from one stream, so the interleaving of streams does not matter. Personal data is carried as ciphertext.
"""

from kippu_entitlement.readmodels.assets import Assets
from kippu_entitlement.readmodels.cases import Cases
from kippu_entitlement.readmodels.contracts import Contracts
from kippu_entitlement.readmodels.documents import ContractDocuments
from kippu_entitlement.readmodels.licences import Licences
from kippu_entitlement.readmodels.orders import Orders
from kippu_entitlement.readmodels.registers import Customers, PublishedPlans
from kippu_entitlement.readmodels.shortfalls import Shortfalls
from kippu_entitlement.readmodels.wallets import Wallets

PROJECTORS = (
    Customers(),
    Assets(),
    PublishedPlans(),
    Orders(),
    Contracts(),
    ContractDocuments(),
    Licences(),
    Wallets(),
    Cases(),
    Shortfalls(),
)

__all__ = [
    "PROJECTORS",
    "Assets",
    "Cases",
    "ContractDocuments",
    "Contracts",
    "Customers",
    "Licences",
    "Orders",
    "PublishedPlans",
    "Shortfalls",
    "Wallets",
]
