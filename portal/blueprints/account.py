"""Signing in and out, one's own password and language."""

from __future__ import annotations

from flask import (
    Blueprint,
    flash,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import current_user, login_required, login_user, logout_user

from portal import languages
from portal.blueprints.context import reading, writing
from portal.blueprints.forms import inside, problems_of
from portal.errors import InvalidInput, Problem
from portal.services import accounts
from portal.sessions import SignedIn
from portal.settings import LANGUAGES

blueprint = Blueprint("account", __name__)
YEAR_SECONDS = 365 * 24 * 3600


@blueprint.get("/sign-in")
def sign_in() -> ResponseReturnValue:
    """The form."""
    if current_user.is_authenticated:
        return redirect(url_for("home.index"))
    return render_template("account/sign_in.html", back=request.args.get("next", ""), email="")


@blueprint.post("/sign-in")
def sign_in_now() -> ResponseReturnValue:
    """Check the password; the attempt is kept whatever the answer."""
    email, back = request.form.get("email", ""), request.form.get("next", "")
    with writing() as uow:
        person = accounts.sign_in(uow, email, request.form.get("password", ""))
    if person is None:
        flash(_("The address or the password is wrong."), "bad")
        page = render_template("account/sign_in.html", back=back, email=email)
        return page, 401
    # A session made before signing in must not live on as a signed-in one.
    language = session.get("language")
    session.clear()
    if language:
        session["language"] = language
    login_user(SignedIn(person))
    return redirect(inside(back))


@blueprint.post("/sign-out")
@login_required
def sign_out() -> ResponseReturnValue:
    """End this session."""
    logout_user()
    session.clear()
    flash(_("You are signed out."), "ok")
    return redirect(url_for("account.sign_in"))


@blueprint.post("/language")
def language() -> ResponseReturnValue:
    """Remember a language: with the person when signed in, with the browser always."""
    chosen = request.form.get("language", "")
    if chosen not in LANGUAGES:
        raise InvalidInput(Problem("language", "choice_unknown"))
    if current_user.is_authenticated:
        with writing() as uow:
            accounts.choose_language(uow, chosen)
    session["language"] = chosen
    answer = redirect(inside(request.form.get("next", "")))
    answer.set_cookie(languages.COOKIE, chosen, max_age=YEAR_SECONDS, samesite="Lax", httponly=True)
    return answer


@blueprint.get("/account")
@login_required
def own() -> ResponseReturnValue:
    """One's own account."""
    with reading():
        return render_template("account/own.html", problems={})


@blueprint.post("/account/password")
@login_required
def password() -> ResponseReturnValue:
    """Change one's own password and stay signed in here."""
    form = request.form
    try:
        if form.get("new") != form.get("again"):
            raise InvalidInput(Problem("again", "password_differs"))
        with writing() as uow:
            person = accounts.change_password(uow, form.get("current", ""), form.get("new", ""))
    except InvalidInput as error:
        return render_template("account/own.html", problems=problems_of(error)), 400
    login_user(SignedIn(person))
    flash(_("Your password is changed. Other sessions have ended."), "ok")
    return redirect(url_for("account.own"))
