"""The terms: money, calendars, terms of years, hours, the plan model, and the decision. All pure.

Nothing here does I/O, reads a clock, or knows an event; every answer follows from its arguments alone.
"""
