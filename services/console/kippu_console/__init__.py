"""The console: what the provider's people and auditors see, over read models that span all services.

It listens to every log and appends to none. Each page answers one question; what it shows can be rebuilt from the logs.
"""
