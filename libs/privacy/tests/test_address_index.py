"""The blind index of mail addresses."""

import pytest
from kippu_privacy.address_index import AddressIndex, normalise
from kippu_privacy.keyring_memory import MemoryKeyring
from kippu_privacy.vault import Vault


@pytest.mark.parametrize(
    "written",
    ["Contact-1@One.Example", " contact-1@one.example ", "ｃontact-1＠one.example", "CONTACT-1@ONE.EXAMPLE."],
)
async def test_one_address_written_in_several_ways_has_one_index(written: str) -> None:
    index = AddressIndex(Vault(MemoryKeyring()))
    assert await index.of("iij", written) == await index.of("iij", "contact-1@one.example")


def test_an_international_domain_is_the_same_in_both_spellings() -> None:
    assert normalise("contact@ตัวอย่าง.example") == normalise("contact@xn--72c1a1bt4awk9o.example")


@pytest.mark.parametrize("odd", ["", "@", "nobody", "a@" + "x" * 300, "a@b..c", "a@\udcff"])
async def test_what_is_no_address_still_equals_itself(odd: str) -> None:
    index = AddressIndex(Vault(MemoryKeyring()))
    assert await index.of("iij", odd) == await index.of("iij", odd)


async def test_providers_and_keyrings_have_indexes_of_their_own() -> None:
    index, elsewhere = AddressIndex(Vault(MemoryKeyring())), AddressIndex(Vault(MemoryKeyring()))
    one = await index.of("iij", "contact-1@one.example")
    assert len(one) == 32
    assert one != await index.of("svt", "contact-1@one.example")
    assert one != await elsewhere.of("iij", "contact-1@one.example")
    assert one != await index.of("iij", "contact-2@one.example")
