"""`handover search`: the search of the web pages on the command line, as one of the people."""

from __future__ import annotations

import json
import os
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from portal.settings import Settings

if TYPE_CHECKING:
    from datetime import date

    from portal.findable import Choices
    from portal.services.answering import AnswerLine
    from portal.services.search import HitLine, Results
    from portal.services.search_scope import SearchForm
    from portal.unit_of_work import UnitOfWork

DAY = click.DateTime(["%Y-%m-%d"])


@click.command()
@click.argument("question", nargs=-1, required=True)
@click.option(
    "--as", "email", required=True, metavar="EMAIL", help="Whose rights decide what is found."
)
@click.option("--position", default="", metavar="NAME", help="Only documents of this position.")
@click.option("--person", default="", metavar="NAME", help="Only what this person handed over.")
@click.option("--handover", default="", metavar="NAME", help="Only documents of this case.")
@click.option("--language", default="", help="zh or en.")
@click.option("--verified", is_flag=True, help="Only what a successor has accepted.")
@click.option("--type", "kind", default="", help="word, pdf, table, slides, text, web, mail, …")
@click.option("--after", type=DAY, help="Submitted on this day or later, as in 2026-11-30.")
@click.option("--before", type=DAY, help="Submitted on this day or before.")
@click.option("--page", default=1, show_default=True, help="Which ten documents.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for programs.")
def search(question: tuple[str, ...], email: str, page: int, as_json: bool, **filters: Any) -> None:
    """Search the handed-over documents as a person would, with this person's rights.

    Loads the model, which takes some seconds. The exit status is 0 if something was found, 1 if
    nothing was.

    \b
    Examples
      handover search --as receiver@company.example "怎么对账"
      handover search --as receiver@company.example --position 销售经理 --json price rules
    """
    from portal.error_words import words_of
    from portal.errors import PortalError
    from portal.resources import Resources
    from portal.unit_of_work import Job

    def send(_: Job) -> None:
        """Searching orders no work."""

    resources = Resources(Settings.from_environment(os.environ), send)
    try:
        from portal.services import search_scope
        from portal.services.search import answer as answer_to
        from portal.services.search import search as find

        with resources.read() as uow:
            person = search_scope.person_of(uow, email)
        if person is None:
            raise click.BadParameter(f"nobody here has the address {email}.", param_hint="--as")
        with resources.read(person) as uow:
            form = _form(uow, " ".join(question), page, filters)
            found = find(uow, form)
            answer = answer_to(uow, form) if found.asks else None
            click.echo(_json(found, answer) if as_json else _text(found, answer))
    except PortalError as error:
        raise click.ClickException(words_of(error.code, error.facts)) from error
    finally:
        resources.close()
    raise click.exceptions.Exit(0 if found.hits else 1)


def _form(uow: UnitOfWork, question: str, page: int, filters: dict[str, Any]) -> SearchForm:
    from portal.permissions import Action
    from portal.services.facets import facets
    from portal.services.findable_rows import scope
    from portal.services.search_scope import SearchForm

    uow.permit(Action.SEARCH)
    offered = facets(uow, scope(uow), SearchForm())
    return SearchForm(
        query=question,
        position=_named(offered.positions, filters["position"], "--position"),
        handover=_named(offered.handovers, filters["handover"], "--handover"),
        language=_named(offered.languages, filters["language"], "--language"),
        verified=filters["verified"],
        kind=_named(offered.kinds, filters["kind"], "--type"),
        person=_named(offered.people, filters["person"], "--person"),
        after=_day(filters["after"]),
        before=_day(filters["before"]),
        page=page,
    )


def _day(moment: datetime | None) -> date | None:
    return moment.date() if moment else None


def _named(choices: Choices, name: str, option: str) -> str:
    """The value of the choice with this name, among those the person may know of.

    Raises BadParameter.
    """
    if not name:
        return ""
    found = [choice.value for choice in choices.listed if name in (choice.label, choice.value)]
    if found:
        return found[0]
    names = ", ".join(choice.label for choice in choices.listed) or "nothing to choose from"
    raise click.BadParameter(f"{name} is not among these: {names}.", param_hint=option)


def _text(found: Results, answer: AnswerLine | None) -> str:
    if not found.hits:
        return "Nothing in the handed-over documents fits."
    first = (found.page - 1) * 10 + 1
    lines = [line for at, hit in enumerate(found.hits, first) for line in _lines(at, hit)]
    if found.by_words:
        lines.insert(0, "The model is not available; only words were compared.\n")
    if found.by_meaning:
        lines.insert(
            0, "None of these words stands in what follows, which comes nearest in meaning.\n"
        )
    if answer:
        lines[:0] = [*_answer_text(answer), ""]
    return "\n".join([*lines, f"{found.total} documents, page {found.page} of {found.pages}"])


def _answer_text(answer: AnswerLine) -> list[str]:
    if not answer.quotes:
        return ["No answer was found in the handover documents."]
    return [
        f"“{' '.join(''.join(part.text for part in each) for each in quote.sentences)}” "
        f"({quote.document.title}, version {quote.version.number})"
        for quote in answer.quotes
    ]


def _lines(at: int, hit: HitLine) -> list[str]:
    from portal import place_words

    sealed = f"sealed {hit.version.sealed_at:%Y-%m-%d}" if hit.version.sealed_at else "draft"
    newer = f"version {hit.newer.number} is newer" if hit.newer else ""
    facts = (
        f"version {hit.version.number}",
        place_words.place(hit.passage.place),
        hit.handover.position.name,
        hit.author.name,
        sealed,
        newer,
    )
    text = "".join(
        click.style(part.text, bold=True) if part.marked else part.text for part in hit.excerpt
    )
    path = " › ".join(place_words.path(hit.passage.place))
    return [
        f"{at}. {click.style(hit.document.title, bold=True)}",
        *([f"   {path}"] if path else []),
        f"   {' '.join(text.split())}",
        f"   {' · '.join(fact for fact in facts if fact)}",
        "",
    ]


def _answer_json(answer: AnswerLine | None) -> dict[str, Any] | None:
    """What answers, with no quotes where nothing does; None where no question was asked."""
    if answer is None:
        return None
    return {
        "confidence": round(answer.confidence, 3),
        "quotes": [
            {
                "sentences": [
                    "".join(part.text for part in sentence) for sentence in quote.sentences
                ],
                "document": quote.document.title,
                "document_id": quote.document.public_id,
                "version": quote.version.number,
                "version_id": quote.version.public_id,
                "person": quote.author.name,
                "place": quote.place.to_json(),
            }
            for quote in answer.quotes
        ],
    }


def _json(found: Results, answer: AnswerLine | None) -> str:
    value = {
        "total": found.total,
        "page": found.page,
        "pages": found.pages,
        "by_words": found.by_words,
        "by_meaning": found.by_meaning,
        "answer": _answer_json(answer),
        "hits": [
            {
                "document": hit.document.title,
                "document_id": hit.document.public_id,
                "version": hit.version.number,
                "version_id": hit.version.public_id,
                "newer_version_id": hit.newer.public_id if hit.newer else None,
                "sealed_at": hit.version.sealed_at.isoformat() if hit.version.sealed_at else None,
                "position": hit.handover.position.name,
                "person": hit.author.name,
                "place": hit.place.to_json(),
                "passage": hit.passage.text,
                "marked": [part.text for part in hit.excerpt if part.marked],
            }
            for hit in found.hits
        ],
    }
    return json.dumps(value, ensure_ascii=False, indent=2)
