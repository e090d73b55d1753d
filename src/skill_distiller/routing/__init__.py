"""How a description routes, and how short it can be: clauses, delta debugging, routers, queries, listings. No I/O."""
