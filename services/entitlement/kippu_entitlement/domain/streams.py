"""Names: every stream and id is made from what is known already, so that no decision needs a query."""


def customer(provider: str, customer_id: str) -> str:
    return f"customer-{provider}-{customer_id}"


def contact(provider: str, contact_id: str) -> str:
    return f"contact-{provider}-{contact_id}"


def asset(provider: str, serial: str) -> str:
    return f"asset-{provider}-{serial}"


def plan(provider: str, family: str) -> str:
    return f"plan-{provider}-{family}"


def order(provider: str, order_id: str) -> str:
    return f"order-{provider}-{order_id}"


def sheet(provider: str, sheet_id: str) -> str:
    return f"sheet-{provider}-{sheet_id}"


def contract(provider: str, contract_id: str) -> str:
    return f"contract-{provider}-{contract_id}"


def wallet(provider: str, wallet_id: str) -> str:
    return f"wallet-{provider}-{wallet_id}"


def licence(provider: str, licence_id: str) -> str:
    return f"licence-{provider}-{licence_id}"


def case(provider: str, ticket_no: str) -> str:
    return f"case-{provider}-{ticket_no}"


def wallet_id(customer_id: str, plan_family: str) -> str:
    """A customer has one wallet for each plan family. Neither part holds a dot."""
    return f"{customer_id}.{plan_family}"


def licence_id(customer_id: str, plan_family: str) -> str:
    """What a customer holds under a family runs together, as its wallet does."""
    return wallet_id(customer_id, plan_family)


def debit_id(ticket_no: str, number: int) -> str:
    return f"{ticket_no}.{number}"


def approval_id(ticket_no: str, decision: int) -> str:
    return f"{ticket_no}.A{decision}"


def ticket_of(of_id: str) -> str:
    """The ticket number in an approval's or a debit's id."""
    return of_id.partition(".")[0]


def order_of_quote(quote_id: str) -> str:
    """The order that an accepted quote becomes; one quote is one order."""
    return f"O-{quote_id.removeprefix('Q-')}"


def order_of_invoice(invoice_no: str) -> str:
    """One order has one invoice, and a charge's is of no order."""
    return invoice_no.removeprefix("INV-")


def quote_of_debit(of_debit_id: str) -> str:
    """The offer for what a debit fell short of."""
    return f"Q-{of_debit_id}"


def quote_of_decision(ticket_no: str, decision: int) -> str:
    """The offer of what a decision finds to be not included."""
    return f"Q-{ticket_no}.D{decision}"


def ticket_of_quote(quote_id: str) -> str:
    return ticket_of(quote_id.removeprefix("Q-"))


def request_of_quoted_work(quote_id: str) -> str | None:
    """The ticket number in the id of an offer of what a decision found to be not included; None for any other."""
    ticket_no, _, made_for = quote_id.removeprefix("Q-").rpartition(".")
    return ticket_no if made_for.startswith("D") else None


def debit_of_quote(quote_id: str) -> str:
    """The debit whose shortfall was quoted."""
    return quote_id.removeprefix("Q-")
