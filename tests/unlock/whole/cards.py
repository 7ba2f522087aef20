"""Cards: of the demo, and of an issuer who personalises them with what follows from a master key of its own."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

from akis.authority.demo.data import demo_card, demo_personality
from akis.authority.keys.card_keys import card_keys
from akis.authority.keys.master import MasterKey
from akis.emulator import EmulatedCard
from akis.emulator.memory import Memory
from akis.emulator.new_personality import new_personality, write_personality
from akis.emulator.personality import Personality, State, load_personality

HOLDER, PASSWORD, PHONE = "zeynep", "kırk katır mı kırk satır mı", "+90 532 000 00 07"


def personalised(master: MasterKey, kind: str, path: Path, *, pin_over_sm_only: bool) -> Personality:
    """A new card like ``kind`` whose issuer's keys follow from ``master``; written to ``path``, for the emulator."""
    made = new_personality(load_personality(kind), path.stem)
    issuer = made.key("issuer")
    algorithm = issuer.algorithms[-1]
    keys = card_keys(master, made.serial, issuer.reference, algorithm)
    own = replace(issuer, algorithms=(algorithm,), enc=keys.k_enc.reveal(), mac=keys.k_mac.reveal())
    kept = tuple(own if key is issuer else key for key in made.keys)
    made = replace(made, keys=kept, pin_over_sm_only=pin_over_sm_only)
    write_personality(made, path, "A card of an issuer with a master key of its own.")
    return made


def people_file(path: Path, card: Personality) -> Path:
    """A CSV file for ``akis authority import`` with the holder of ``card``."""
    issuer = card.key("issuer")
    fields = {
        "name": HOLDER,
        "full_name": "Zeynep Kaya",
        "phone": PHONE,
        "second_factor": "sms",
        "password": PASSWORD,
        "serial": card.serial.hex().upper(),
        "card_label": "İmza kartı",
        "profile": card.profile,
        "key_reference": f"{issuer.reference:02X}",
        "algorithm": f"{issuer.algorithms[-1]:02X}",
        "certificate": next(iter(card.certificates.values())),
    }
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, fields)
        writer.writeheader()
        writer.writerow(fields)
    return path


def demo(name: str, state: State) -> EmulatedCard:
    """A card of the demo in that state."""
    personality = demo_personality(demo_card(name))
    return EmulatedCard(personality, Memory.new(personality, state))
