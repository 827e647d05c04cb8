"""What a clause came to, and what would change the answer: the parts of every explanation."""

from collections.abc import Mapping
from string import Template
from typing import Any, Literal

from kippu_terms.value import Language, Name, Text, Value

Result = Literal["satisfied", "refused", "waiting", "consult", "quote", "debit", "held", "not_applicable", "note"]
"""What one clause came to; the same words as the catalogue's ClauseFinding."""


class RemedyText(Value):
    """What the customer or the provider can do to change the answer; `$name` stands for one of the rule's inputs."""

    action: Name
    text: Text

    def filled(self, clause: str, inputs: Mapping[str, Any]) -> "Remedy":
        """The remedy for a rule that looked at these inputs. A blank that they do not fill stays."""
        shown = {
            name: ", ".join(map(str, value)) if isinstance(value, list) else value for name, value in inputs.items()
        }
        text = {language: Template(text).safe_substitute(shown) for language, text in self.text.items()}
        return Remedy(action=self.action, clause=clause, text=text)


STATE_FACTS = RemedyText(
    action="state_facts",
    text={
        "en": "State what is not on record yet: $unknown.",
        "ja": "まだ登録されていない次の事項をお知らせください：$unknown",
        "th": "โปรดแจ้งข้อมูลที่ยังไม่มีในระบบ: $unknown",
    },
)
"""Where a clause cannot be judged for want of facts, that is what changes the answer, and nothing that it asks for
otherwise. `$unknown` is an input: the facts, by their paths, such as `asset.area`."""


class Finding(Value):
    """One rule as it was evaluated; the fields of the catalogue's ClauseFinding."""

    clause: str
    rule: str
    inputs: dict[str, Any]
    result: Result
    text: Text


class Remedy(Value):
    """What would change the answer."""

    action: str
    clause: str
    text: dict[Language, str]
    """Longer than a plan's text may be, where its blanks are filled."""
