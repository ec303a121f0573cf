"""What `loading` compares: stage, comparisons, and contestants, which run in processes of their own."""
