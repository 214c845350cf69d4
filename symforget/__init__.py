"""symforget: a test runner for theorems."""
