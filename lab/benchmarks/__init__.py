"""What the tool reaches on real skills: fidelity, evidence kept, speed. Needs the corpus beside the checkout."""
