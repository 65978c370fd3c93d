"""What harnesses can do, answered from cassettes alone: nothing here starts a program or asks a network."""
