"""The ground floor: what is true whoever runs it (`record`), and where it is kept (`store`)."""
