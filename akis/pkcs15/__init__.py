"""What a card says it holds (PKCS #15 v1.1, ISO/IEC 7816-15) and the certificates in it: bytes in, values out."""
