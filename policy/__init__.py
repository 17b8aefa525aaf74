"""What Countersign may do: the vocabulary of fundraising and the rules over it, without clock or I/O."""
