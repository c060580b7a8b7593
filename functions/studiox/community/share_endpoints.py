"""The public page of a post, behind Hosting's rewrites of `/p/**` and `/oembed`."""

from __future__ import annotations

import json

import flask
from firebase_functions import https_fn

from studiox.api.methods import not_allowed
from studiox.kit import config, ids, log, malformed
from studiox.kit.documents import MalformedDocument
from studiox.kit.errors import Unavailable
from studiox.media import objects
from studiox.models import posts

from . import rules, share

KEPT = "public, max-age=60, s-maxage=240"
"""Together CACHED_S: a browser may take a page from a cache that has kept it as long as it may."""
GONE = "public, max-age=0, s-maxage=60"
PICTURE_S = 900
"""How long the address of a picture is valid that a page of the last five minutes leads to."""


@https_fn.on_request(invoker="public")
def sharePage(request: flask.Request) -> flask.Response:
    """GET `/p/{postId}`: a page with the post's title, author and picture, for people and for previews of links.

    `/p/{postId}/picture` leads to its picture, `/oembed?url=` describes it. 404 for a post that is hidden or absent.
    The page of a mature post shows nothing of it, and it has no picture and no description.
    Answers may be kept for five minutes, and a 404 for one.
    """
    if request.method not in ("GET", "HEAD"):
        return not_allowed("GET, HEAD", shared=False)
    try:
        answer = _answer(request)
    except (Unavailable, objects.MediaError) as error:
        log.warning("page_unavailable", error=type(error).__name__)
        answer = _plain("Please try again in a moment.", 503)
        answer.headers["Retry-After"] = "5"
    except Exception as error:  # noqa: BLE001 - a bug: the traceback goes to the log only
        log.bug("bug", function="sharePage", error=type(error).__name__)
        answer = _plain("Something went wrong on our side.", 500)
    answer.headers.update(_headers())
    return answer


def _answer(request: flask.Request) -> flask.Response:
    site = config.SITE_URL.value.rstrip("/")
    match request.path.split("/"):
        case ["", "p", post_id] | ["", "p", post_id, ""]:
            return _page(site, _find(post_id))
        case ["", "p", post_id, "picture"]:
            post = _shown(post_id)
            return _picture(post) if post is not None else _plain("not found", 404)
        case ["", "oembed"]:
            return _embed(site, request)
        case _:
            return _html(share.missing_page(site), 404)


def _find(post_id: str | None) -> posts.Post | None:
    """The post, unless it is hidden. One read, none for what cannot be an id. `Unavailable`."""
    if post_id is None or not ids.is_id(post_id) or not rules.is_post_id(post_id):
        return None
    try:
        post = posts.find_post(post_id)
    except MalformedDocument as error:
        malformed.report(error)
        return None
    return None if post is None or post.is_hidden else post


def _shown(post_id: str | None) -> posts.Post | None:
    """The post, if what it shows is for everybody: no mature one. `Unavailable`."""
    post = _find(post_id)
    return None if post is None or post.is_mature else post


def _page(site: str, post: posts.Post | None) -> flask.Response:
    if post is None:
        return _html(share.missing_page(site), 404)
    return _html(share.mature_page(site, post.post_id) if post.is_mature else share.page_of(site, post), 200)


def _embed(site: str, request: flask.Request) -> flask.Response:
    if request.args.get("format", "json") != "json":
        return _plain("only json", 501)  # as oEmbed 1.0 asks for
    post = _shown(share.post_id_of(site, request.args.get("url", "")))
    if post is None:
        return _plain("not found", 404)
    return _cached(flask.Response(json.dumps(share.embed_of(site, post)), mimetype="application/json"), KEPT)


def _picture(post: posts.Post) -> flask.Response:
    """A redirect: previews keep the address of the page's picture, and Cloud Storage's expires. `MediaError`."""
    picture = share.picture_of(post)
    if picture is None:
        return _plain("not found", 404)
    # With a body: the Hosting emulator does not take an answer without one.
    answer = flask.Response("moved", 302, {"Location": objects.signed_url(picture.path, PICTURE_S)})
    answer.mimetype = "text/plain"
    return _cached(answer, KEPT)


def _html(page: str, status: int) -> flask.Response:
    return _cached(flask.Response(page, status, mimetype="text/html"), KEPT if status == 200 else GONE)


def _plain(text: str, status: int) -> flask.Response:
    return _cached(flask.Response(text, status, mimetype="text/plain"), GONE if status == 404 else "no-store")


def _cached(answer: flask.Response, how: str) -> flask.Response:
    answer.headers["Cache-Control"] = how
    return answer


def _headers() -> dict[str, str]:
    """As firebase.json gives them to the other pages; nothing but pictures may be loaded."""
    pictures = "https:" if config.SITE_URL.value.startswith("https:") else "https: http:"  # http: in the emulator
    policy = (
        f"default-src 'none'; img-src 'self' {pictures}; style-src 'unsafe-inline'; base-uri 'none';"
        " form-action 'none'; frame-ancestors 'none'"
    )
    return {
        "Content-Security-Policy": policy,
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
    }
