"""How a person is reached: contact methods, notification rules, the test page."""
