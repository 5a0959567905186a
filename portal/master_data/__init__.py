"""Customers, projects, people, teams and assignments: list, create, change, retire."""
