"""Ledger sync: two nodes bring each other what their logs lack, each byte verified before it is stored."""
