"""Libraries for people: pages, tables, and what they are made from."""
