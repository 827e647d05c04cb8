"""Mail, in: hostile bytes to a parsed mail, the SMTP listener, and the decision what a mail is.

SMTP says "accepted" only after the mail is stored, and a mail that was accepted is never lost. No mail of a machine is
ever answered.
"""
