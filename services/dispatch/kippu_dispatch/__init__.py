"""Dispatch: visits at a wanted time. The terms say which must be held; the dispatcher says what becomes of those.

It never decides coverage, and never asks another service: what it needs to know of a request is in CoverageDecided.
"""
