"""The edges that every service shares: settings, databases and roles, HTTP, tokens, and how a service is put together.

Nothing here knows a rule of the terms. What a service is made of is in `service.py`, what it is given in `runtime.py`.
"""
