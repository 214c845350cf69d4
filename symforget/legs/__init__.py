"""The four legs, one module each; a leg takes one part of a claim and returns evidence."""
