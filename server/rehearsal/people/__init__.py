"""The simulated people. They know what they are told: by the product's answers, and by texts on their telephones."""
