"""The issuer's keys: one master key, in a file or inside an HSM, and all that is derived from it.

The only thing ever asked of a master key is an AES-CMAC, so an HSM can hold it without ever giving it out.
"""
