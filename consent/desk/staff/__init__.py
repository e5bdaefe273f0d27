"""Behind the login of the desk: accounts of moderators and stewards, their sessions, and the cases they look at."""
