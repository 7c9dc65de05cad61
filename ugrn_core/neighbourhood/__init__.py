"""One gene against all others: what moves when it moves, what moves it, and which of that is special to the pair."""
