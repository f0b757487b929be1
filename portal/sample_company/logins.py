"""Who can sign in to the sample company, and what that shows."""

from __future__ import annotations

from dataclasses import dataclass

from portal.sample_company.company import SampleCompany, Text

# Printed at every start with the sample, so it protects nothing; long enough for the portal's rule.
PASSWORD = "sample-company"


@dataclass(frozen=True, slots=True)
class Login:
    """One person to sign in as. `shows` is None for people who only fill the scene."""

    email: str
    name: str
    password: str
    shows: Text | None


def logins(sample: SampleCompany) -> list[Login]:
    """Return everybody who can sign in, in the order of the description."""
    return [Login(person.email, person.name, PASSWORD, person.shows) for person in sample.people]
