"""What may happen to a request and to a mail. Pure: no I/O, no clock, no randomness; state never holds personal data."""
