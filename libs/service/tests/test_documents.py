"""Documents are set from what was stated, in three languages, and come out the same each time."""

from datetime import UTC, datetime

import pytest
from kippu_service.documents import LANGUAGES, UnknownDocument, _words, pdf

AT = datetime(2026, 6, 1, 1, tzinfo=UTC)
CONTENT = {
    "issuer": "Maintenance service tickets",
    "contract_id": "O-1",
    "product": "先出しセンドバック保守サービス 1 年",
    "serial": "12345678901",
    "valid_until": "2027-05-09",
    "desk_mail": "maintenance@svt.example",
    "asks_for": "โปรดแจ้งชื่อลูกค้า",
}


def test_every_language_has_the_same_words() -> None:
    for language in LANGUAGES:
        for section, words in _words("en").items():
            assert _words(language)[section].keys() == words.keys(), (language, section)


@pytest.mark.clause("SVT-05", "SVT-10", "NEC-Q5")
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", ["service_ticket", "registration_notice", "label"])
def test_each_document_is_a_pdf_in_fonts_that_it_brings_along(kind: str, language: str) -> None:
    file = pdf(kind, language, CONTENT, AT)
    assert file.startswith(b"%PDF-")
    assert b"NotoSansJP" in file
    assert b"NotoSansThai" in file


def test_the_same_content_gives_the_same_bytes_and_another_gives_others() -> None:
    assert pdf("label", "ja", CONTENT, AT) == pdf("label", "ja", CONTENT, AT)
    assert pdf("label", "ja", CONTENT, AT) != pdf("label", "ja", CONTENT | {"serial": "99999999999"}, AT)


def test_what_is_stated_is_text_and_never_markup() -> None:
    sly = '#panic("no") $x$ *bold* `raw` \\ "quoted" <label> @reference'
    plain, marked = (pdf("label", "en", CONTENT | {"product": text}, AT) for text in ("plain", sly))
    assert plain != marked


def test_a_language_without_words_falls_back_and_unknown_documents_are_named() -> None:
    assert pdf("label", "fr", CONTENT, AT) == pdf("label", "en", CONTENT, AT)
    with pytest.raises(UnknownDocument, match="receipt"):
        pdf("receipt", "en", CONTENT, AT)
    with pytest.raises(KeyError, match="colour"):
        pdf("label", "en", CONTENT | {"colour": "blue"}, AT)
