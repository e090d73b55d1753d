"""Many skills at once: found, worked on by several processes, weighed against what clients take, held to budgets."""
