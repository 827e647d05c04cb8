"""Contents into encrypted blobs, before the events that refer to them. One that no event names is harmless."""

from kippu_events.catalogue.values import BlobRef
from kippu_privacy import Plain
from kippu_privacy.blobs import Blobs

from kippu_intake.domain.ticket import File
from kippu_intake.mail.files import is_configuration
from kippu_intake.mail.parse import ParsedFile


async def put(blobs: Blobs, provider: str, subject: str, content: bytes, media_type: str) -> BlobRef:
    stored = await blobs.put(provider, subject, content, media_type)
    return BlobRef(digest=stored.digest, size=stored.size, media_type=stored.media_type)


async def put_text(blobs: Blobs, provider: str, subject: str, text: str) -> BlobRef | None:
    """None for no text at all."""
    return await put(blobs, provider, subject, text.encode(), "text/plain; charset=utf-8") if text else None


async def put_files(blobs: Blobs, provider: str, subject: str, files: tuple[ParsedFile, ...]) -> list[File]:
    return [
        File(
            Plain(subject, file.name),
            await put(blobs, provider, subject, file.content, file.media_type),
            is_configuration(file.name, file.media_type),
        )
        for file in files
    ]
