"""`handover user`: people who can sign in, above all the first administrator."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any, NoReturn

import click

from portal.cli.opening import opened_resources
from portal.settings import LANGUAGES, Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from portal.errors import InvalidInput

ROLES = ("administrator", "hr", "auditor")


def _password_options(command: Callable[..., None]) -> Callable[..., None]:
    ask = click.option("--ask", is_flag=True, help="Type the password, twice, instead.")
    pipe = click.option(
        "--password-stdin", is_flag=True, help="Read the password from standard input instead."
    )
    return ask(pipe(command))


@click.group()
def user() -> None:
    """Make people who can sign in, give new passwords, list everybody.

    Everything else about people stands on the pages of the administration. These commands need no
    running portal and no sign-in: whoever may run them has the machine anyway.

    \b
    Example: the first administrator
      handover user create --name "Ada Admin" ada@company.example
    """


@user.command()
@click.argument("email")
@click.option("--name", prompt="Name", help="The person's name; asked for when left out.")
@click.option(
    "--role",
    "roles",
    multiple=True,
    type=click.Choice(ROLES),
    help="What the person is beside an employee; may be given several times.",
)
@click.option("--language", type=click.Choice(LANGUAGES), help="Else the browser decides.")
@_password_options
def create(
    email: str, name: str, roles: tuple[str, ...], language: str | None, **how: bool
) -> None:
    """Make a person and print a password made up for them.

    In a portal without people, the first one becomes administrator unless --role says otherwise.
    """
    from portal.errors import InvalidInput
    from portal.services import people
    from portal.services.people import PersonForm

    password = _password(**how)
    try:
        with opened_resources(_settings()) as resources, resources.write() as uow:
            if not roles and not people.everybody(uow):
                roles = ("administrator",)
            form = PersonForm(name, email, roles, True, language or "")
            person, made = people.enter(uow, form, password)
    except InvalidInput as error:
        _refuse(error)
    click.echo(f"Person    {person.name} <{person.email}>")
    click.echo(f"Roles     {', '.join(sorted(person.roles)) or 'employee'}")
    _tell(password, made)


@user.command("password")
@click.argument("email")
@_password_options
def password_command(email: str, **how: bool) -> None:
    """Give a person a new password and print it; all sessions of the person end."""
    from portal.errors import InvalidInput, NotFound
    from portal.services import people

    password = _password(**how)
    try:
        with opened_resources(_settings()) as resources, resources.write() as uow:
            person = people.with_email(uow, email)
            made = people.renew_password(uow, person, password)
    except NotFound as error:
        raise click.ClickException(f"nobody has the address {email}.") from error
    except InvalidInput as error:
        _refuse(error)
    click.echo(f"Person    {person.name} <{person.email}>")
    _tell(password, made)
    if not person.active:
        click.echo("Note      the account is switched off; switch it on under «People».")


@user.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON array for a program.")
def list_command(as_json: bool) -> None:
    """List everybody: address, name, roles, and whether the person may sign in."""
    from portal.services import people

    with opened_resources(_settings()) as resources, resources.read() as uow:
        rows: list[dict[str, Any]] = [
            {
                "email": person.email,
                "name": person.name,
                "roles": sorted(role.value for role in person.roles),
                "active": person.active,
                "has_password": person.password_hash is not None,
            }
            for person in people.everybody(uow)
        ]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False))
        return
    width = max((len(row["email"]) for row in rows), default=0)
    for row in rows:
        notes = list(row["roles"])
        if not row["active"]:
            notes.append("switched off")
        elif not row["has_password"]:
            notes.append("no password yet")
        shown = f" ({', '.join(notes)})" if notes else ""
        click.echo(f"{row['email']:<{width}}  {row['name']}{shown}")


def _password(ask: bool, password_stdin: bool) -> str | None:
    """What was typed or piped; None to have one made up. Never an argument: `ps` shows those."""
    if ask and password_stdin:
        raise click.UsageError("--ask and --password-stdin cannot be used together.")
    if password_stdin:
        line = sys.stdin.buffer.readline()
        try:
            return line.decode("utf-8").rstrip("\r\n")
        except UnicodeDecodeError as error:
            raise click.ClickException("the password is not UTF-8 text.") from error
    if ask:
        return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))
    return None


def _tell(password: str | None, made: str) -> None:
    if password is None:
        click.echo(f"Password  {made}")


def _refuse(error: InvalidInput) -> NoReturn:
    from portal.error_words import problem_words

    sentences = [f"{each.field}: {problem_words(each.code, each.facts)}" for each in error.problems]
    raise click.ClickException(" ".join(sentences)) from error


def _settings() -> Settings:
    return Settings.from_environment(os.environ)
