"""How opinions differ: readers of one case, strategies of second and third readings, your own ratings."""
