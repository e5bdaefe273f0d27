"""Who is a member: persons named by the charter or reached by trust, their nodes, their organisations."""
