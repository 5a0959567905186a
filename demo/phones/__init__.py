"""A process of its own that plays Twilio, the phones of the provider's people and their mailbox.

It speaks real HTTP and SMTP and knows nothing of the product: whatever talks to it could talk to Twilio.
"""
