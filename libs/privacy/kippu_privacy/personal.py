"""The two faces of a personal value: `Plain` in memory, `Sealed` everywhere else."""

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema


class PlainNotSealed(TypeError):
    """A plain personal value was about to be written. It must be sealed first; this is a fault in our code."""


@dataclass(frozen=True, slots=True)
class Plain:
    """A personal value in the clear, on its way to be sealed under `subject`'s key.

    `subject` names whose key seals it, such as `contact-iij-c1`. The text never shows in `repr`, so that it cannot
    reach a log by accident.
    """

    subject: str
    text: str

    def __repr__(self) -> str:
        return f"Plain({self.subject!r}, …)"

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.is_instance_schema(
            cls, serialization=core_schema.plain_serializer_function_ser_schema(cls._refuse)
        )

    @staticmethod
    def _refuse(value: "Plain") -> None:
        raise PlainNotSealed(f"a plain personal value of {value.subject} was about to be serialised")


class Sealed(BaseModel):
    """A personal value under AES-256-GCM. `box` is base64 of nonce (12 bytes), ciphertext and tag (16 bytes).

    It opens only with the subject's key and the same associated data (`Associated`), so a box that is moved to another
    event, field, provider or subject does not open.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    subject: str
    box: str


Personal = Annotated[Plain | Sealed, "personal"]
"""The type of a field that holds personal data."""


@dataclass(frozen=True, slots=True)
class Associated:
    """What a sealed value is bound to; it is authenticated with the ciphertext, and not stored with it."""

    event_id: str
    event_type: str
    provider: str
    field: str

    def to_bytes(self, subject: str) -> bytes:
        """The associated data of one value. Parts are joined by NUL, which none of them may contain."""
        return "\0".join((self.event_id, self.event_type, self.provider, subject, self.field)).encode()
