"""``--sm-keys``: device keys from a file that nobody else can read, or the published ones of an emulated card."""

from akis.sources.keys import TerminalKeys, hex_field, read_keys, read_private

__all__ = ["TerminalKeys", "hex_field", "read_keys", "read_private"]
