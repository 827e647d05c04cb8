"""Dispatch: visits at a wanted time, shipments, booked services. The terms say which must be held; people say the rest.

It never decides coverage, and never asks another service: what it needs to know of a request is in CoverageDecided.
"""
