"""What may happen to a request and to a mail. Pure: no I/O, no clock, no randomness, no personal data in state."""
