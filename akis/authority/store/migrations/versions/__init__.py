"""The steps. One that was released is never changed: it names its columns itself and not those of today's tables."""
