"""What a person sees of a cassette: nothing recorded acts on their terminal."""
