"""What intake's queries read. Written by projectors only, in sets, and made again from the logs at any time."""
