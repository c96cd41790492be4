"""The only room that knows SQL: durable work, what was seen, links, the ledger, and who owns the folder."""
