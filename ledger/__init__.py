"""The ledger: where every fen is, proven by double entry; postings are added, never changed."""
