"""Running a program that nobody trusts: bubblewrap, a filter of system calls and limits, all of them or not at all."""
