"""What holds of every order, whatever the plan: rules that follow from what a product is, and obey its clause."""

from collections.abc import Iterator
from typing import Literal

from kippu_terms.bookings import first_day_to_book, last_day_to_pay
from kippu_terms.orders.rules.base import OrderCase, OrderRule, OrderVerdict, RemedyText, not_known
from kippu_terms.plan import Plan
from kippu_terms.sections import Product


class Orderable(OrderRule):
    """A charge is raised by the provider, and nobody orders it."""

    kind: Literal["orderable"] = "orderable"

    def judge(self, case: OrderCase) -> OrderVerdict:
        inputs = {"product": case.product.id, "kind": case.product.kind}
        return OrderVerdict("refused" if case.product.kind == "charge" else "satisfied", inputs, about="product")


ORDER_FEWER = RemedyText(
    action="order_fewer",
    text={
        "en": "Order at most $max_quantity at a time.",
        "ja": "1 回のご注文は $max_quantity 個までにしてください。",
        "th": "โปรดสั่งซื้อไม่เกินครั้งละ $max_quantity",
    },
)


class InQuantity(OrderRule):
    """A product is sold up to so many at a time."""

    kind: Literal["quantity"] = "quantity"
    remedy: RemedyText | None = ORDER_FEWER

    def judge(self, case: OrderCase) -> OrderVerdict:
        quantity, most = case.facts.quantity, case.product.max_quantity
        inputs = {"quantity": quantity, "max_quantity": most}
        return OrderVerdict("satisfied" if quantity <= most else "refused", inputs, about="quantity")


ASK_FOR_A_QUOTE = RemedyText(
    action="ask_for_a_quote",
    text={
        "en": "Send a request about it, and accept the quote that is made for that.",
        "ja": "その件をお問い合わせいただき、お見積りをご承諾ください。",
        "th": "โปรดส่งคำขอในเรื่องนี้ แล้วตอบรับใบเสนอราคาที่จัดทำให้",
    },
)


class ByQuote(OrderRule):
    """What differs from case to case is quoted for each, and bought by accepting that."""

    kind: Literal["by_quote"] = "by_quote"
    remedy: RemedyText | None = ASK_FOR_A_QUOTE

    def judge(self, case: OrderCase) -> OrderVerdict:
        inputs = {"product": case.product.id, "quoted": case.facts.quoted}
        return OrderVerdict("satisfied" if case.facts.quoted else "quote", inputs, about="product")


ORDER_WITH_CONTRACT = RemedyText(
    action="order_with_contract",
    text={
        "en": "Order it together with one of these, or for a device with a contract of these that has not ended: "
        "$only_with.",
        "ja": "次のいずれかと同時に、または次のいずれかの契約が有効な機器に対してご注文ください：$only_with",
        "th": "โปรดสั่งซื้อพร้อมกับรายการใดรายการหนึ่งต่อไปนี้ หรือสั่งซื้อสำหรับอุปกรณ์ที่มีสัญญาของรายการเหล่านี้ซึ่งยังไม่สิ้นสุด: $only_with",
    },
)


class OptionOf(OrderRule):
    """An option is sold with one of its products: in the same order, or for a contract that has not ended."""

    kind: Literal["option_of"] = "option_of"
    remedy: RemedyText | None = ORDER_WITH_CONTRACT

    def judge(self, case: OrderCase) -> OrderVerdict:
        held = {each.product for each in case.facts.held if case.facts.ordered_on <= each.valid_until}
        with_it = (case.facts.products_together | held) & case.product.only_with
        inputs = {"only_with": sorted(case.product.only_with), "with": sorted(with_it)}
        return OrderVerdict("satisfied" if with_it else "refused", inputs, about="together")


NAME_WHAT_IT_RENEWS = RemedyText(
    action="name_what_it_renews",
    text={
        "en": "Say in `renews` which contract it renews: $renewable.",
        "ja": "更新する契約を `renews` でお知らせください：$renewable",
        "th": "โปรดระบุสัญญาที่จะต่ออายุใน `renews`: $renewable",
    },
)
HOLD_WHAT_IT_RENEWS = RemedyText(
    action="hold_what_it_renews",
    text={
        "en": "It renews a contract that is held, and is not renewed yet; none such is known. State it, or order a "
        "product that is no renewal.",
        "ja": "更新できるのは、お持ちでまだ更新されていない契約のみで、該当する契約がありません。"
        "契約をお知らせいただくか、更新ではない商品をご注文ください。",
        "th": "ใช้ต่ออายุสัญญาที่ถืออยู่และยังไม่ได้ต่อเท่านั้น และไม่พบสัญญาดังกล่าว โปรดระบุสัญญา หรือสั่งซื้อสินค้าที่ไม่ใช่การต่ออายุ",
    },
)


class RenewalOf(OrderRule):
    """A renewal is one of a contract that is held."""

    kind: Literal["renewal_of"] = "renewal_of"

    def judge(self, case: OrderCase) -> OrderVerdict:
        inputs = {"renews": case.facts.renews, "held": [each.contract_id for each in case.facts.held]}
        if case.facts.renewed:
            return OrderVerdict("satisfied", inputs, about="renews")
        renewable = _renewable(case)
        remedy = NAME_WHAT_IT_RENEWS if renewable else HOLD_WHAT_IT_RENEWS
        return OrderVerdict("refused", {**inputs, "renewable": renewable}, about="renews", remedy=remedy)


def _renewable(case: OrderCase) -> list[str]:
    """Which contracts held it could renew. Each is tried: no rule objects to it, whatever else is objected to."""
    asked = [rule for rule in case.plan.ordering.rules if rule.speaks_on(case.product)]
    rules = (RenewedOnce(clause=case.product.clause), *asked)
    renewable = []
    for held in case.facts.held:
        facts = case.facts.model_copy(update={"renews": held.contract_id, "held": (held,)})
        tried = OrderCase(case.plan, facts)
        verdicts = (rule.judge(tried) for rule in rules)
        if not any(verdict.result == "refused" and verdict.about == "renews" for verdict in verdicts):
            renewable.append(held.contract_id)
    return renewable


RENEW_THE_LATEST = RemedyText(
    action="renew_the_latest",
    text={
        "en": "A contract is renewed once. To go on for longer, renew its renewal.",
        "ja": "契約の更新は 1 回です。さらに継続する場合は、更新後の契約を更新してください。",
        "th": "สัญญาหนึ่งต่ออายุได้ครั้งเดียว หากต้องการต่ออีก โปรดต่ออายุจากสัญญาที่ต่อแล้ว",
    },
)


class RenewedOnce(OrderRule):
    """A contract is renewed once: a second renewal would run, and cost, beside the first."""

    kind: Literal["renewed_once"] = "renewed_once"
    remedy: RemedyText | None = RENEW_THE_LATEST

    def judge(self, case: OrderCase) -> OrderVerdict:
        renewed, units = case.facts.renewed, case.facts.quantity_of(case.product.id)
        inputs = {
            "renews": case.facts.renews,
            "renewed_by": renewed.renewed_by if renewed else None,
            "units": units,
        }
        if renewed is not None and renewed.renewed_by is not None:
            return OrderVerdict("refused", inputs, about="renews")
        return OrderVerdict("refused" if units > 1 else "satisfied", inputs, about="quantity")


ORDER_ONCE_BOUGHT = RemedyText(
    action="order_once_bought",
    text={
        "en": "Order it on $bought_on or later; or, if the device is bought already, state when: a day up to "
        "$ordered_on.",
        "ja": "$bought_on 以降にご注文ください。"
        "機器を既に購入済みの場合は、購入日（$ordered_on まで）をお知らせください。",
        "th": "โปรดสั่งซื้อในวันที่ $bought_on หรือหลังจากนั้น หากซื้ออุปกรณ์แล้ว โปรดแจ้งวันที่ซื้อซึ่งไม่เกินวันที่ $ordered_on",
    },
)


class Dated(OrderRule):
    """What runs from the purchase of a device takes that date, and no day to come."""

    kind: Literal["dated"] = "dated"
    remedy: RemedyText | None = ORDER_ONCE_BOUGHT

    def judge(self, case: OrderCase) -> OrderVerdict:
        bought_on = case.facts.asset.bought_on if case.facts.asset else None
        inputs = {
            "bought_on": bought_on.isoformat() if bought_on else None,
            "ordered_on": case.facts.ordered_on.isoformat(),
        }
        if bought_on is None:
            return not_known(inputs, "asset.bought_on")
        return OrderVerdict(
            "satisfied" if bought_on <= case.facts.ordered_on else "refused", inputs, about="asset.bought_on"
        )


ORDER_ONE_FOR_EACH = RemedyText(
    action="order_one_for_each",
    text={
        "en": "Order one for $asset_serial; for each other device, place an order that names it.",
        "ja": "$asset_serial には 1 個をご注文ください。ほかの機器には、その機器を指定して別にご注文ください。",
        "th": "โปรดสั่งซื้อหนึ่งรายการสำหรับ $asset_serial และสั่งซื้อแยกสำหรับอุปกรณ์อื่นแต่ละเครื่องโดยระบุเครื่องนั้น",
    },
)


class OnePerDevice(OrderRule):
    """A contract is for one device: for another one it is ordered by itself."""

    kind: Literal["one_per_device"] = "one_per_device"
    remedy: RemedyText | None = ORDER_ONE_FOR_EACH

    def judge(self, case: OrderCase) -> OrderVerdict:
        serial = case.facts.asset.serial if case.facts.asset else None
        inputs = {"asset_serial": serial, "quantity": case.facts.quantity}
        too_many = serial is not None and case.facts.quantity > 1
        return OrderVerdict("refused" if too_many else "satisfied", inputs, about="quantity")


BOOK_LATER = RemedyText(
    action="book_later",
    text={
        "en": "Book an appointment on $earliest_on or later.",
        "ja": "$earliest_on 以降の日時でご予約ください。",
        "th": "โปรดจองนัดหมายในวันที่ $earliest_on หรือหลังจากนั้น",
    },
)


class PaidBeforeAppointment(OrderRule):
    """What is booked is paid by some day before its appointment; where that day has passed, it is too late to book."""

    kind: Literal["paid_before_appointment"] = "paid_before_appointment"
    remedy: RemedyText | None = BOOK_LATER

    def judge(self, case: OrderCase) -> OrderVerdict:
        at, ordered = case.facts.appointment_at, case.facts.ordered_on
        if at is None:
            return OrderVerdict("not_applicable", {"appointment_at": None})
        appointment, pay_by = case.plan.calendar.local_date(at), last_day_to_pay(case.plan, at, case.facts.paid_by)
        inputs = {
            "appointment_on": appointment.isoformat(),
            "paid_by": case.facts.paid_by,
            "pay_by": pay_by.isoformat() if pay_by else None,
            "ordered_on": ordered.isoformat(),
        }
        if (pay_by or appointment) < ordered:
            first = first_day_to_book(case.plan, ordered, case.facts.paid_by)
            inputs["earliest_on"] = first.isoformat() if first else None
            return OrderVerdict("refused", inputs, about="appointment_at")
        return OrderVerdict("satisfied", inputs, pay_by=pay_by)


def standing_rules(plan: Plan, product: Product) -> Iterator[OrderRule]:
    """Those that can speak on a product."""
    yield Orderable(clause=product.clause)
    yield InQuantity(clause=product.clause)
    if product.quoted_only:
        yield ByQuote(clause=product.clause)
    if product.kind == "option":
        yield OptionOf(clause=product.clause)
    if product.kind == "maintenance":
        yield OnePerDevice(clause=product.clause)
    if product.renewal:
        yield RenewalOf(clause=product.clause)
        yield RenewedOnce(clause=product.clause)
    if product.runs_from == "asset_purchase":
        yield Dated(clause=product.clause)
    if product.kind == "service" and plan.bookings is not None:
        yield PaidBeforeAppointment(clause=plan.bookings.payment.clause)
