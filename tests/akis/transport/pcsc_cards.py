"""Cards for the readers of a real PC/SC service, and commands for them."""

from akis.codec.apdu import CommandApdu

GET_CHALLENGE = bytes.fromhex("0084000008")
SELECT = bytes.fromhex("00A4040C 07 504B43532D3135")
VERIFY = bytes.fromhex("00200081 06 313233343536")
IS_VERIFIED = bytes.fromhex("00200081")
CONTROL = 0x42000D48  # CM_IOCTL_GET_FEATURE_REQUEST


class Parrot:
    """A card that says after its reader whatever data it is sent."""

    atr = bytes.fromhex("3B80800101")

    def reset(self):
        return self.atr

    def process(self, raw):
        return CommandApdu.from_bytes(raw).data + b"\x90\x00"


class Mute(Parrot):
    """A card with this for an answer to reset."""

    def __init__(self, atr):
        self.atr = atr


def is_verified(transport):
    return transport.transmit(IS_VERIFIED) == b"\x90\x00"
