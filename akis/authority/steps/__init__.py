"""What holders and clients ask for, step by step, each in its own transaction with its line in the audit log."""
