"""Orders: may this be bought now, by this customer, for this device; what does it cost, and how long does it last.

`facts.py` says what a decision rests on, `rules/` holds the kinds of rule that a plan's `[ordering]` is built from, one
file each, and `deciding.py` lets all of them speak. Pure, as everything in the terms.
"""
