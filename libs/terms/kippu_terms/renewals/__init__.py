"""Licences and what keeps them maintained: what one is worth on a day, what a renewal costs, how long it lasts.

`section.py` is the plan's `[licences]`; `worth.py` the value of a licence; `maintenance.py` what is in force on a day;
`previewing.py` what a renewal would come to. Pure, as everything in the terms.
"""
