"""How a request is served, in sentences: what is aimed at, by which clock, what becomes of the failed part.

It reads anything with the fields of a decision and of its targets, such as the catalogue's.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from kippu_terms.dates import end_of

_WORDS: dict[str, dict[str, str]] = {
    "en": {
        "ship_by": "Shipping is aimed at by {when} ({clause}).",
        "ship_from": "Shipping from {when} on ({clause}).",
        "arrive_by": "The visit is aimed at by {when} ({clause}).",
        "arrive_from": "The visit is to be agreed for {when} or later ({clause}).",
        "answer_by": "The answer is aimed at by {when} ({clause}).",
        "answer_from": "An answer can be expected from {when} on; the same day is not promised ({clause}).",
        "returned_later": "The failed part is to be returned after the replacement has arrived.",
        "sent_first": "The failed part is to be sent in first; nothing ships before it is received and repaired.",
        "taken_away": "The engineer brings the parts and takes the failed ones away.",
        "handed_over": "The failed part stays with the customer, who owns it and has to dispose of it.",
        "written_report_declined": "A written report is not submitted ({clause}).",
        "written_report_granted": "A written report is submitted, as an exception ({clause}).",
        "answer_wanted_by_not_binding": "The wanted answer time is on record and does not bind ({clause}).",
        "wanted_service_not_followed": "The service follows from contract and warranty, not from a wish ({clause}).",
        "configuration_restored": "The configuration is restored from the file that came with the report ({clause}).",
        "configuration_not_restored": "The configuration is not restored ({clause}).",
        "exchange_by_customer": "The customer does the exchange ({clause}).",
        "exchange_by_engineer": "The engineer does the exchange ({clause}).",
        "kept_list_kept": "A hearing on the environment is held first, and the list is kept ({clause}).",
        "business_day": "business day",
        "around_the_clock": "counted around the clock",
        "waiting": "paused, waiting for an answer",
        "weekend": "weekend",
        "holiday": "public holiday",
        "year_end": "year-end closing",
        "closing_day": "closing day",
    },
    "ja": {
        "ship_by": "{when} までの発送を目標とします（{clause}）。",
        "ship_from": "{when} 以降に発送します（{clause}）。",
        "arrive_by": "{when} までの訪問を目標とします（{clause}）。",
        "arrive_from": "訪問は {when} 以降で調整します（{clause}）。",
        "answer_by": "{when} までの回答を目標とします（{clause}）。",
        "answer_from": "回答は {when} 以降になります。当日の回答をお約束するものではありません（{clause}）。",
        "returned_later": "交換パーツの到着後、故障パーツをご返送ください。",
        "sent_first": "故障パーツを先にお送りください。受領と修理の後に発送します。",
        "taken_away": "作業員が交換パーツを持ち込み、故障パーツを持ち帰ります。",
        "handed_over": "故障パーツはお客様にお渡しします。所有権はお客様に移り、管理と破棄はお客様の責任になります。",
        "written_report_declined": "報告書の提出はいたしません（{clause}）。",
        "written_report_granted": "例外として報告書を提出します（{clause}）。",
        "answer_wanted_by_not_binding": "ご指定の回答時間は記録しますが、拘束力はありません（{clause}）。",
        "wanted_service_not_followed": "サービスはご希望ではなく、契約と保証期間により決まります（{clause}）。",
        "configuration_restored": "ご提供いただいたコンフィグファイルから設定情報を回復します（{clause}）。",
        "configuration_not_restored": "設定情報の回復は行いません（{clause}）。",
        "exchange_by_customer": "交換作業はお客様にて行っていただきます（{clause}）。",
        "exchange_by_engineer": "交換作業は技術員が行います（{clause}）。",
        "kept_list_kept": "事前に環境のヒアリングを行い、リストを保持します（{clause}）。",
        "business_day": "営業日",
        "around_the_clock": "24 時間計時",
        "waiting": "回答待ちのため停止",
        "weekend": "土日",
        "holiday": "祝日",
        "year_end": "年末年始",
        "closing_day": "休業日",
    },
    "th": {
        "ship_by": "ตั้งเป้าจัดส่งภายใน {when} ({clause})",
        "ship_from": "จัดส่งตั้งแต่ {when} เป็นต้นไป ({clause})",
        "arrive_by": "ตั้งเป้าเข้าพบภายใน {when} ({clause})",
        "arrive_from": "นัดเข้าพบตั้งแต่ {when} เป็นต้นไป ({clause})",
        "answer_by": "ตั้งเป้าตอบภายใน {when} ({clause})",
        "answer_from": "คาดว่าจะตอบตั้งแต่ {when} เป็นต้นไป โดยไม่รับรองว่าจะตอบในวันเดียวกัน ({clause})",
        "returned_later": "โปรดส่งคืนชิ้นส่วนที่เสียหลังจากได้รับชิ้นส่วนทดแทนแล้ว",
        "sent_first": "โปรดส่งชิ้นส่วนที่เสียมาก่อน จะจัดส่งหลังจากได้รับและซ่อมแล้วเท่านั้น",
        "taken_away": "วิศวกรนำชิ้นส่วนมาเปลี่ยนและนำชิ้นส่วนที่เสียกลับไป",
        "handed_over": "ชิ้นส่วนที่เสียเป็นของลูกค้า ซึ่งต้องดูแลและกำจัดเอง",
        "written_report_declined": "ไม่มีการจัดทำรายงานเป็นลายลักษณ์อักษร ({clause})",
        "written_report_granted": "จัดทำรายงานเป็นลายลักษณ์อักษรให้เป็นกรณียกเว้น ({clause})",
        "answer_wanted_by_not_binding": "บันทึกเวลาที่ต้องการคำตอบไว้แล้ว แต่ไม่มีผลผูกพัน ({clause})",
        "wanted_service_not_followed": "บริการที่ใช้ขึ้นกับสัญญาและระยะประกัน ไม่ใช่ตามที่ขอ ({clause})",
        "configuration_restored": "กู้คืนค่ากำหนดจากไฟล์ที่ส่งมาพร้อมการแจ้ง ({clause})",
        "configuration_not_restored": "ไม่มีการกู้คืนค่ากำหนดของอุปกรณ์ ({clause})",
        "exchange_by_customer": "ลูกค้าเปลี่ยนอุปกรณ์เอง ({clause})",
        "exchange_by_engineer": "วิศวกรเป็นผู้เปลี่ยนอุปกรณ์ ({clause})",
        "kept_list_kept": "สอบถามสภาพแวดล้อมก่อน และคงรายการไว้ ({clause})",
        "business_day": "วันทำการ",
        "around_the_clock": "นับตลอด 24 ชั่วโมง",
        "waiting": "หยุดนับระหว่างรอคำตอบ",
        "weekend": "วันเสาร์อาทิตย์",
        "holiday": "วันหยุดราชการ",
        "year_end": "วันหยุดสิ้นปี",
        "closing_day": "วันหยุดทำการ",
    },
}


class ServedStretch(Protocol):
    @property
    def state(self) -> str: ...
    @property
    def reason(self) -> str | None: ...
    @property
    def names(self) -> Mapping[str, str]: ...
    @property
    def from_at(self) -> datetime: ...
    @property
    def to_at(self) -> datetime: ...


class ServedTarget(Protocol):
    """Of `due_on` and `due_at` one may be missing: a day to keep has the first, everything else the second."""

    @property
    def kind(self) -> str: ...
    @property
    def clause(self) -> str: ...
    @property
    def bound(self) -> str: ...
    @property
    def due_on(self) -> date | None: ...
    @property
    def due_at(self) -> datetime | None: ...
    @property
    def stretches(self) -> Sequence[ServedStretch]: ...
    @property
    def time_zone(self) -> str: ...


class ServedReply(Protocol):
    @property
    def about(self) -> str: ...
    @property
    def answer(self) -> str: ...
    @property
    def clause(self) -> str: ...


class Served(Protocol):
    """The fields of a decision that say how the request is served."""

    @property
    def targets(self) -> Sequence[ServedTarget]: ...
    @property
    def failed_part(self) -> str | None: ...
    @property
    def replies(self) -> Sequence[ServedReply]: ...


def service_lines(decision: Served, language: str, *, clocks: bool = False) -> list[str]:
    """What is aimed at, what becomes of the failed part, and what is answered to wishes: a line each. With `clocks`,
    each target is followed by the stretches of its clock."""
    words = _words(language)
    lines: list[str] = []
    for target in decision.targets:
        lines.append(target_text(target, language))
        if clocks:
            lines += [f"  {line}" for line in clock_lines(target, language)]
    if decision.failed_part is not None:
        lines.append(words[decision.failed_part])
    lines += [words[f"{reply.about}_{reply.answer}"].format(clause=reply.clause) for reply in decision.replies]
    return lines


def target_text(target: ServedTarget, language: str) -> str:
    """`Shipping is aimed at by 2026-05-07 (QNP-01).` With the time of day where it is not the whole day."""
    kind = "arrive" if target.kind == "visit" else target.kind
    return _words(language)[f"{kind}_{target.bound}"].format(when=_due(target), clause=target.clause)


def clock_lines(target: ServedTarget, language: str) -> list[str]:
    """Each stretch of its clock: `2026-05-04 00:00 – 2026-05-05 00:00  closed  Greenery Day`, in its zone."""
    return [
        f"{_local(stretch.from_at, target.time_zone)} – {_local(stretch.to_at, target.time_zone)}  "
        f"{stretch.state:<6}  {_reason(stretch, language)}".rstrip()
        for stretch in target.stretches
    ]


def _due(target: ServedTarget) -> str:
    """A whole day by its date, anything else by date and time."""
    day, at = target.due_on, target.due_at
    if at is None or (day is not None and at == end_of(day, ZoneInfo(target.time_zone))):
        return day.isoformat() if day else ""
    return _local(at, target.time_zone)


def _reason(stretch: ServedStretch, language: str) -> str:
    named = stretch.names.get(language) or stretch.names.get("en")
    return named or (_words(language).get(stretch.reason, stretch.reason) if stretch.reason else "")


def _local(instant: datetime, zone: str) -> str:
    return instant.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M")


def _words(language: str) -> Mapping[str, str]:
    return _WORDS.get(language, _WORDS["en"])
