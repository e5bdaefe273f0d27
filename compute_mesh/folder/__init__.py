"""A folder in the place of a network: a USB stick that is carried between nodes holds what they lack."""
