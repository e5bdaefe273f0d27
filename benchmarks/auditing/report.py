"""To be written."""


def report(records):
    print({k: len(v) for k, v in records.items()})
