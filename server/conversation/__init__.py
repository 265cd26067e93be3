"""What a text message means: which open question it answers, which command it is, what is answered."""
