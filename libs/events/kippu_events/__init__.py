"""Events, the log that keeps them, the bus that carries them, and what consumes them.

The log is the system of record: events are appended to it atomically, never changed, and read in one order without
gaps. This package must never drop an event, apply one twice, or let a consumer go past one that is missing.
"""
