"""Who else is there: signed announcements that expire, tickets, and how a node is let in."""
