"""Technical questions are answered on some topics only."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from kippu_terms.rules.base import Case, Rule, Verdict, rule_kind
from kippu_terms.value import Name


@rule_kind
class QuestionScope(Rule):
    kind: Literal["question_scope"] = "question_scope"
    blanks: ClassVar[frozenset[str]] = frozenset({"topic", "topics"})
    topics: Annotated[frozenset[Name], Field(min_length=1)]
    otherwise: Literal["refused", "quote"] = "refused"
    """What is outside is refused, or offered for a fee."""

    def judge(self, case: Case) -> Verdict:
        topic = case.request.topic
        inputs = {"topic": topic, "topics": sorted(self.topics)}
        if topic is None:
            return Verdict("waiting", inputs, waiting_for="classification")
        return Verdict("satisfied" if topic in self.topics else self.otherwise, inputs)
