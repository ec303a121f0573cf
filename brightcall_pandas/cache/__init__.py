"""What is kept on disk of an account: answers as they came, and typed calls."""
