"""The console's projectors, one module a subject. Each column is fed by one stream or by a sum, so the order between
slots cannot matter.
"""

from kippu_console.readmodels.bookings import Bookings
from kippu_console.readmodels.contracts import Contracts, DeviceContracts
from kippu_console.readmodels.licences import Licences
from kippu_console.readmodels.mails import UnmatchedMail
from kippu_console.readmodels.money import Invoices, QuoteOrders, Quotes, Refunds
from kippu_console.readmodels.requests import Board
from kippu_console.readmodels.roster import Roster
from kippu_console.readmodels.sheets import Sheets
from kippu_console.readmodels.shipments import Shipments
from kippu_console.readmodels.terms import Terms
from kippu_console.readmodels.timeline import Timeline
from kippu_console.readmodels.visits import Visits
from kippu_console.readmodels.wallets import Wallets

PROJECTORS = (
    Terms,
    Timeline,
    Board,
    Visits,
    Roster,
    Shipments,
    Wallets,
    UnmatchedMail,
    Sheets,
    Invoices,
    Quotes,
    QuoteOrders,
    Refunds,
    Contracts,
    DeviceContracts,
    Licences,
    Bookings,
)

__all__ = ["PROJECTORS"]
