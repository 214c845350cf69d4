"""The training objectives of the theory, one module each: settings, fields, fixed points and update rules."""
