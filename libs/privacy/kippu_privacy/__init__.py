"""Personal data: sealed per subject before it is stored, readable only while the subject's key exists.

A value is `Plain` only in memory, between the edge and the append; whatever is stored or sent is `Sealed`.
Erasing a subject's key erases the person everywhere at once, in logs, read models and backups alike.
This package never stores a plain value and never logs one.
"""

from kippu_privacy.personal import Associated, Personal, Plain, PlainNotSealed, Sealed

__all__ = ["Associated", "Personal", "Plain", "PlainNotSealed", "Sealed"]
