"""What entitlement decides, without I/O, clock or randomness: state, `decide`-like functions, and `evolve` per stream.

Each module is one kind of stream. Functions that answer a person's command raise `Refused` with every fault at once;
functions that answer another service's event never refuse, they answer with events.
"""
