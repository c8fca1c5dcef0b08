"""The demo: a made-up organization, its sample files, and a fake of the provider's API.

Nothing outside imports it but the verb `demo`.
"""
