"""How each kind of stream becomes state. Raise a version whenever its `evolve` or its state changes."""

from kippu_events.work import Fold

from kippu_entitlement.domain import asset, case, contact, contract, customer, licence, order, plan, sheet, wallet

CUSTOMER = Fold(customer.Customer, customer.Customer, customer.evolve, version=4)
CONTACT = Fold(contact.Known, contact.Known, contact.evolve, version=2)
ASSET = Fold(asset.Asset, asset.Asset, asset.evolve, version=4)
PLANS = Fold(plan.Plans, plan.Plans, plan.evolve, version=1)
ORDER = Fold(order.Order, order.Order, order.evolve, version=6)
CONTRACT = Fold(contract.Contract, contract.Contract, contract.evolve, version=3)
SHEET = Fold(sheet.Sheet, sheet.Sheet, sheet.evolve, version=1)
LICENCE = Fold(licence.Licence, licence.Licence, licence.evolve, version=1)
WALLET = Fold(wallet.Wallet, wallet.Wallet, wallet.evolve, version=1)
CASE = Fold(case.Case, case.Case, case.evolve, version=7)
