"""The provider may ask for a firmware update, which the customer does: until then the request waits for them."""

from typing import ClassVar, Literal

from kippu_terms.rules.base import Case, Rule, Verdict, rule_kind


@rule_kind
class FirmwareUpdate(Rule):
    kind: Literal["firmware_update"] = "firmware_update"
    blanks: ClassVar[frozenset[str]] = frozenset({"firmware"})

    def judge(self, case: Case) -> Verdict:
        firmware = case.request.firmware
        inputs = {"firmware": firmware}
        if firmware == "asked":
            return Verdict("waiting", inputs, waiting_for="customer")
        return Verdict("satisfied" if firmware == "done" else "not_applicable", inputs)
