"""`make admin EMAIL=…`: give an account the claim `admin: true`, or take it away with REMOVE=1.

It acts on the local stack unless PROJECT names a real project. The claim is in the account's next ID token: sign in
again, or wait up to an hour.
"""

from __future__ import annotations

import argparse
import os
import sys
from typing import Any

from local import command
from local.command import Refused
from local.stack.settings import PROJECT
from ops import cloud

CLAIM = "admin"


def aim(project: str, offset: int) -> str:
    """The project's id, from its id or alias; the local stack's if empty. `Refused` if that does not run."""
    project = cloud.resolved(project)
    host = os.environ.get("FIREBASE_AUTH_EMULATOR_HOST", "")
    if cloud.is_real(project):
        if host:
            raise Refused("FIREBASE_AUTH_EMULATOR_HOST is set, and PROJECT names a real project. Unset one of them.")
        return project
    command.aim(
        "FIREBASE_AUTH_EMULATOR_HOST",
        "auth",
        offset,
        or_else=", or name a real project: make admin EMAIL=… PROJECT=my-project",
    )
    return project or os.environ.get("GCLOUD_PROJECT") or PROJECT


def set_admin(project: str, email: str, *, admin: bool) -> str:
    """Set or remove the claim and keep all other claims. Returns the account's uid. `Refused`."""
    import firebase_admin
    from firebase_admin import auth, exceptions
    from google.auth.exceptions import GoogleAuthError

    app = firebase_admin.initialize_app(options={"projectId": project, "httpTimeout": 10}, name=f"admin-{project}")
    try:
        user: Any = auth.get_user_by_email(email, app=app)
        claims = {name: value for name, value in (user.custom_claims or {}).items() if name != CLAIM}
        auth.set_custom_user_claims(user.uid, {**claims, **({CLAIM: True} if admin else {})}, app=app)
        if not admin:
            auth.revoke_refresh_tokens(user.uid, app=app)
    except auth.UserNotFoundError:
        raise Refused(f"No account of {project} has the address {email}. Sign up with it first.") from None
    except ValueError as error:
        raise Refused(f"{email}: {error}") from None
    except (exceptions.FirebaseError, GoogleAuthError) as error:
        raise Refused(
            f"{project} cannot be changed ({type(error).__name__}). For a real project sign in with "
            "`gcloud auth application-default login` as a user who may administer its users."
        ) from None
    finally:
        firebase_admin.delete_app(app)
    return str(user.uid)


def act(given: argparse.Namespace) -> str:
    if not given.email:
        raise Refused("Name the account: make admin EMAIL=somebody@example.com")
    project = aim(given.project, given.offset)
    uid = set_admin(project, given.email, admin=not given.remove)
    where = f"{project} (the local stack)" if "FIREBASE_AUTH_EMULATOR_HOST" in os.environ else project
    became = "is no longer an administrator" if given.remove else "is an administrator"
    return f"{given.email} ({uid}) {became} of {where}. This applies from the next sign-in."


def main(arguments: list[str]) -> int:
    return command.run("admin", __doc__, ("email", "project"), act, arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
