"""Commands too long for a card with short length fields: cut into a chain, whole again on the card."""

from dataclasses import replace

import pytest

from akis.codec.apdu import CommandApdu, ResponseApdu
from akis.errors import CardRemoved, InvalidArgument, SecureMessagingError
from akis.profile.model import SmRules
from akis.sm.chain import plain_room
from tests.akis.card.answers import Answers
from tests.bench import bench

PUT_DATA, PUT_DATA_ODD = 0xDA, 0xDB


def listens(on, *instructions):
    """Have the card take these instructions and keep what arrived, whole; their answer is the data's length."""
    heard = []

    def handler(command):
        heard.append(command)
        return ResponseApdu(len(command.data).to_bytes(2, "big") if command.ne else b"")

    on.emulated._commands.handlers.update(dict.fromkeys(instructions, handler))
    return heard


@pytest.mark.parametrize("chain", ["each", "whole"])
class TestLongCommands:
    """In a session, on a card with short length fields."""

    def on(self, name, chain):
        return bench(name, rules=SmRules(chain=chain)).open()

    @pytest.mark.parametrize("ins", [PUT_DATA, PUT_DATA_ODD])
    @pytest.mark.parametrize("ne", [None, 256])
    def test_arrive_whole(self, suite, chain, ins, ne):
        on = self.on(suite, chain)
        heard = listens(on, ins)
        room = plain_room(on.card.session.suite, 255, ne is not None)
        for length in (1, room, room + 1, 255, 256, 2 * room, 2 * room + 1, 1000):
            data = bytes(place % 251 for place in range(length))
            sent = len(on.wire.sent)
            answer = on.card.send(CommandApdu(0x00, ins, 0x01, 0x02, data, ne))
            assert (heard[-1].header, heard[-1].data) == (bytes((0x00, ins, 0x01, 0x02)), data)
            assert answer == ResponseApdu(length.to_bytes(2, "big") if ne else b"")
            wire = on.wire.sent[sent:]
            assert [raw[0] for raw in wire] == [0x1C] * (len(wire) - 1) + [0x0C]
            assert (len(wire) > 1) is (length > room)
            assert all(raw[4] and len(raw) <= 4 + 1 + 255 + 1 for raw in wire)  # short length fields only
        assert on.card.session.alive

    def test_what_follows_is_in_step(self, suite, chain):
        on = self.on(suite, chain)
        listens(on, PUT_DATA)
        for _ in range(3):
            on.card.send(CommandApdu(0x00, PUT_DATA, 0, 0, bytes(600)))
            assert on.card.life_cycle() == "operation"

    def test_the_watcher_sees_each_protected_command_once(self, suite, chain):
        on = self.on(suite, chain)
        listens(on, PUT_DATA)
        before = len(on.exchanges)
        on.card.send(CommandApdu(0x00, PUT_DATA, 0, 0, bytes(600)))
        seen = on.exchanges[before:]
        assert len(seen) == {"each": 3, "whole": 1}[chain]
        assert b"".join(exchange.plain_command.data for exchange in seen) == bytes(600)

    def test_a_link_that_is_refused_is_the_last(self, suite, chain, monkeypatch):
        on = self.on(suite, chain)
        heard = listens(on, PUT_DATA)
        monkeypatch.setattr(on.emulated, "_joined", lambda command: ResponseApdu(sw=0x6884))
        sent = len(on.wire.sent)
        long = CommandApdu(0x00, PUT_DATA, 0, 0, bytes(600))
        if chain == "each":
            assert on.card.send(long).sw == 0x6884
            assert on.card.session.alive
        else:  # the refusal comes in the clear, and nobody vouches for it
            with pytest.raises(SecureMessagingError, match="6884"):
                on.card.send(long)
            assert not on.card.session.alive
        assert (len(on.wire.sent), heard) == (sent + 1, [])

    def test_a_link_that_is_lost_is_the_last(self, suite, chain):
        on = self.on(suite, chain)
        pass_on, passed = on.wire.transmit, []

        def lose_the_second(raw):
            passed.append(raw)
            if len(passed) == 2:
                raise CardRemoved("gone")
            return pass_on(raw)

        on.wire.transmit = lose_the_second
        with pytest.raises(CardRemoved):
            on.card.send(CommandApdu(0x00, PUT_DATA, 0, 0, bytes(600)))
        assert len(passed) == 2
        assert not on.card.session.alive

    def test_data_never_gets_lost_on_a_card_with_too_little_room(self, suite, chain):
        """Not one block fits beside the checksum: refused or sent whole, but not sent without its data."""
        on = self.on(suite, chain)
        heard = listens(on, PUT_DATA)
        for max_data in (1, 10, 21, 24, 29, 40):
            on.card.profile = replace(on.card.profile, max_data=max_data)
            try:
                on.card.send(CommandApdu(0x00, PUT_DATA, 0, 0, bytes(9)))
            except InvalidArgument:
                continue
            assert heard.pop().data == bytes(9)
        assert on.card.session.alive


def test_a_link_with_data_in_its_answer_ends_the_chain():
    """As a whole: an answer that comes too early is taken for the answer, and found not to be one."""
    on = bench(rules=SmRules(chain="whole")).open()
    on.card.transport = Answers(b"\x01\x90\x00")
    with pytest.raises(SecureMessagingError):
        on.card.send(CommandApdu(0x00, PUT_DATA, 0, 0, bytes(600)))
    assert len(on.card.transport.sent) == 1
