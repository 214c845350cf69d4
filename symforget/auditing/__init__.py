"""How a mutant of a claim is judged: refuted, still true, undecided, or wrongly accepted."""
