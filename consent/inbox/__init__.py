"""Archives that were dropped into a folder: redacted at once, sealed as a pending batch, signed when a person says so.

No text as it came is ever stored. What waits is what would be kept, under a key per batch, until a steward confirms
or drops the batch, or its time has come.
"""
