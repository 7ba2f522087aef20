"""Instruction codes that AKİS 1.0 has for itself, with CLA 80, besides DIRECTORY and its logout."""

SET_LIFE_CYCLE = 0x09
CREATE_DF = 0x10
CREATE_EF = 0x15
DELETE_FILE = 0x16
