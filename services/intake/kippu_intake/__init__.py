"""Intake: requests and their threads, by portal, mail and telephone; ticket numbers; recorded work; mails in and out.

It says who asked and when (IIJ-01 to IIJ-03, IIJ-07), never what the terms answer: that is entitlement's. It must never
lose a mail that it accepted, let anybody outside the customer's organisation join a thread, or answer a machine.
"""
