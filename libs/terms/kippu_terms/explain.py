"""A decision in a few sentences for people, in English, Thai or Japanese: for mails, pages and the story.

It reads anything with a decision's fields, such as the catalogue's CoverageDecided, so that who hears of a decision can
explain it without the plan.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from kippu_terms.explain_service import Served, service_lines

_WORDS: dict[str, dict[str, str]] = {
    "en": {
        "covered": "The request is covered.",
        "covered_by_debit": "The request is covered and costs {quantity} prepaid ticket(s).",
        "metered": "The request is covered; prepaid tickets are debited as work is recorded.",
        "quote": "The request is not included; it can be done for a fee, which will be quoted.",
        "consult": "The terms leave this request to consultation.",
        "refused": "The request is not covered.",
        "waiting": "The request waits ({waiting_for}).",
        "waiting_classification": "The request waits until it is known what it is about, and which device or service.",
        "waiting_approval": "The request waits for the provider's approval.",
        "waiting_customer": "The request waits for the customer.",
        "waiting_purchase": "The request waits until what was bought for it is paid.",
        "decided": "Decided by {clause}: {text}",
        "remedy": "What would change this ({clause}): {text}",
        "outside_hours": "Received outside the hours; it counts as received on {when} ({clause}): {text}",
        "visit_held": "The wanted time is outside business hours, at {days} days' notice: "
        "the dispatcher will accept, postpone or decline it ({clause}).",
        "visit": "The wanted time can be booked as asked ({clause}).",
    },
    "th": {
        "covered": "คำขอนี้อยู่ในความคุ้มครอง",
        "covered_by_debit": "คำขอนี้อยู่ในความคุ้มครอง และใช้ตั๋วที่ชำระล่วงหน้า {quantity} ใบ",
        "metered": "คำขอนี้อยู่ในความคุ้มครอง ระบบจะหักตั๋วที่ชำระล่วงหน้าตามเวลาทำงานที่บันทึก",
        "quote": "คำขอนี้ไม่รวมอยู่ในบริการ แต่ดำเนินการได้โดยมีค่าใช้จ่าย และจะส่งใบเสนอราคาให้",
        "consult": "คำขอนี้ต้องปรึกษากันก่อนตามข้อกำหนด",
        "refused": "คำขอนี้ไม่อยู่ในความคุ้มครอง",
        "waiting": "คำขอนี้อยู่ระหว่างรอ ({waiting_for})",
        "waiting_classification": "คำขอนี้รอการระบุประเภท และอุปกรณ์หรือบริการที่เกี่ยวข้อง",
        "waiting_approval": "คำขอนี้รอการอนุมัติจากผู้ให้บริการ",
        "waiting_customer": "คำขอนี้รอลูกค้าดำเนินการ",
        "waiting_purchase": "คำขอนี้รอการชำระเงินสำหรับสิ่งที่สั่งซื้อ",
        "decided": "ตัดสินตาม {clause}: {text}",
        "remedy": "สิ่งที่จะเปลี่ยนผลนี้ได้ ({clause}): {text}",
        "outside_hours": "ได้รับนอกเวลาทำการ จึงนับว่าได้รับเมื่อ {when} ({clause}): {text}",
        "visit_held": "เวลาที่ขออยู่นอกเวลาทำการและแจ้งล่วงหน้า {days} วัน ผู้จัดคิวงานจะตอบรับ เลื่อน หรือปฏิเสธ ({clause})",
        "visit": "จองเวลาตามที่ขอได้ ({clause})",
    },
    "ja": {
        "covered": "ご依頼はサポートの対象です。",
        "covered_by_debit": "ご依頼はサポートの対象で、プリペイドチケット {quantity} 枚を使用します。",
        "metered": "ご依頼はサポートの対象です。作業の記録に応じてプリペイドチケットを差し引きます。",
        "quote": "ご依頼はサポートに含まれません。有償での対応となるため、お見積りをお送りします。",
        "consult": "ご依頼は規約により個別相談となります。",
        "refused": "ご依頼はサポートの対象外です。",
        "waiting": "ご依頼は保留中です（{waiting_for}）。",
        "waiting_classification": "ご依頼の種類と対象の機器またはサービスが確認できるまで保留します。",
        "waiting_approval": "ご依頼は提供者の承認を待っています。",
        "waiting_customer": "ご依頼はお客様の対応を待っています。",
        "waiting_purchase": "ご依頼はご注文分のご入金を待っています。",
        "decided": "根拠 {clause}：{text}",
        "remedy": "結果を変えるには（{clause}）：{text}",
        "outside_hours": "受付時間外のため、{when} に受け付けたものとして扱います（{clause}）：{text}",
        "visit_held": "ご希望の日時は営業時間外で、{days} 日前のご依頼です。"
        "担当者が受諾、延期、辞退のいずれかを決めます（{clause}）。",
        "visit": "ご希望の日時で予約できます（{clause}）。",
    },
}

LANGUAGES = tuple(_WORDS)


class ExplainedFinding(Protocol):
    @property
    def clause(self) -> str: ...
    @property
    def rule(self) -> str: ...
    @property
    def inputs(self) -> Mapping[str, Any]: ...
    @property
    def result(self) -> str: ...
    @property
    def text(self) -> Mapping[str, str]: ...


class ExplainedRemedy(Protocol):
    @property
    def clause(self) -> str: ...
    @property
    def text(self) -> Mapping[str, str]: ...


class ExplainedVisit(Protocol):
    @property
    def held(self) -> bool: ...
    @property
    def notice_days(self) -> int: ...
    @property
    def clause(self) -> str: ...


class Explained(Served, Protocol):
    """Anything with a decision's fields."""

    @property
    def outcome(self) -> str: ...
    @property
    def metered(self) -> bool: ...
    @property
    def quantity(self) -> int | None: ...
    @property
    def waiting_for(self) -> str | None: ...
    @property
    def deciding_clause(self) -> str: ...
    @property
    def findings(self) -> Sequence[ExplainedFinding]: ...
    @property
    def remedies(self) -> Sequence[ExplainedRemedy]: ...
    @property
    def visit(self) -> ExplainedVisit | None: ...


def explain(decision: Explained, language: str) -> str:
    """The outcome, the clause that decided it, what becomes of a wanted time, how it is served and by which clocks, and
    what would change it.

    A line each. A language that is not known here, or that a clause has no text in, falls back to English.
    """
    words = _words(language)
    clause = decision.deciding_clause
    text = next((finding.text for finding in decision.findings if finding.clause == clause), {})
    lines = [outcome_text(decision, language), words["decided"].format(clause=clause, text=in_language(text, language))]
    if decision.visit is not None:
        sentence = words["visit_held" if decision.visit.held else "visit"]
        lines.append(sentence.format(days=decision.visit.notice_days, clause=decision.visit.clause))
    lines += expected_lines(decision, language, clocks=True)
    lines += [
        words["remedy"].format(clause=remedy.clause, text=in_language(remedy.text, language))
        for remedy in decision.remedies
    ]
    return "\n".join(lines)


def expected_lines(decision: Explained, language: str, *, clocks: bool = False) -> list[str]:
    """When it counts as received, where it came outside the hours; what is aimed at, with the stretches of its clock if
    they are asked for, what becomes of the failed part, and what is answered to wishes: a line each."""
    if decision.outcome == "refused":
        return service_lines(decision, language, clocks=clocks)
    outside = (
        each for each in decision.findings if each.rule == "reception" and each.inputs.get("inside_hours") is False
    )
    sentence = _words(language)["outside_hours"]
    lines = [
        sentence.format(
            when=f"{datetime.fromisoformat(finding.inputs['counts_from']):%Y-%m-%d %H:%M}",
            clause=finding.clause,
            text=in_language(finding.text, language),
        )
        for finding in outside
    ]
    return lines + service_lines(decision, language, clocks=clocks)


def outcome_text(decision: Explained, language: str) -> str:
    """The outcome alone, in a sentence."""
    words = _words(language)
    sentence = words[str(decision.outcome)]
    if decision.outcome == "covered_by_debit" and decision.metered:
        sentence = words["metered"]
    if decision.outcome == "waiting":
        sentence = words.get(f"waiting_{decision.waiting_for}", sentence)
    return sentence.format(quantity=decision.quantity, waiting_for=decision.waiting_for)


def in_language(text: Mapping[str, str], language: str) -> str:
    """The text in that language, else in English, else in the first there is; empty if there is none."""
    return text.get(language) or text.get("en") or next(iter(text.values()), "")


def _words(language: str) -> Mapping[str, str]:
    return _WORDS.get(language, _WORDS["en"])
