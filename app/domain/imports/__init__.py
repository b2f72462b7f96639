"""Moving in: what a file or an original deployment holds, and what becomes of it here."""
