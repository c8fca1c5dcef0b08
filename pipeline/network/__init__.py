"""Which addresses the program may connect to: public ones, and the private ones that are allowed.

The check is made on the address that a socket connects to, whatever name led there.
"""
