"""The page of a post for people who follow a link and for the previews of links, and its oEmbed answer. Pure.

It holds what the post shows to everybody, and no script. All text that a person wrote is escaped here, once.
"""

from __future__ import annotations

import html
import urllib.parse
from typing import Any, NamedTuple

from studiox.kit.texts import plain_name, shortened
from studiox.models.posts import Post

CACHED_S = 300
MAX_TITLE = 70
MAX_DESCRIPTION = 200
MOST_BYTES = 5_000_000
"""Of a picture in a preview: what previews accept."""
KINDS = {
    "image": "Picture",
    "edit": "Picture",
    "video": "Video",
    "music": "Song",
    "speech": "Speech",
}
LABEL = "Made with AI"


def page_address(site: str, post_id: str) -> str:
    return f"{site}/p/{post_id}"


def picture_address(site: str, post_id: str) -> str:
    return f"{page_address(site, post_id)}/picture"


def post_id_of(site: str, address: str) -> str | None:
    """The id of the post at an address of this site, None for every other address."""
    try:
        given, own = urllib.parse.urlsplit(address), urllib.parse.urlsplit(site)
    except ValueError:
        return None
    match given.path.split("/"):
        case ["", "p" | "post", post_id] if (given.scheme, given.netloc) == (own.scheme, own.netloc):
            return post_id
        case _:
            return None


class Picture(NamedTuple):
    """The picture of a preview. Its size in pixels is unknown until the file's renditions were made."""

    path: str
    content_type: str
    width: int | None
    height: int | None


def picture_of(post: Post) -> Picture | None:
    """The post's first picture, or the thumbnail of what is too large for a preview or no picture."""
    for file in post.media:
        if file.content_type.startswith("image/") and file.bytes <= MOST_BYTES:
            return Picture(file.path, file.content_type, file.width, file.height)
        if (small := file.thumbnail) is not None:
            return Picture(small.path, small.content_type, small.width, small.height)
    return None


def title_of(post: Post) -> str:
    """Its caption or its file's title on one line, else what it is and whose."""
    for text in (post.caption, post.media[0].title if post.media else None):
        if name := plain_name(text or ""):
            return shortened(name, MAX_TITLE)
    return f"{KINDS.get(post.type, 'Creation')} by {_author(post)}"


def description_of(post: Post) -> str:
    made = f"{LABEL} by {_author(post)} on StudioX."
    prompt = plain_name(post.prompt or "")
    return shortened(f"{made} {prompt}", MAX_DESCRIPTION) if prompt else made


def _author(post: Post) -> str:
    return plain_name(post.author_name) or "Anonymous"


def embed_of(site: str, post: Post) -> dict[str, Any]:
    """The answer of oEmbed 1.0 (https://oembed.com): a link with a picture."""
    answer: dict[str, Any] = {
        "version": "1.0",
        "type": "link",
        "title": title_of(post),
        "author_name": _author(post),
        "provider_name": "StudioX",
        "provider_url": f"{site}/",
        "cache_age": CACHED_S,
    }
    picture = picture_of(post)
    if picture is not None:
        answer["thumbnail_url"] = picture_address(site, post.post_id)
        if picture.width and picture.height:
            answer |= {"thumbnail_width": picture.width, "thumbnail_height": picture.height}
    return answer


def page_of(site: str, post: Post) -> str:
    """The whole page."""
    title, description = title_of(post), description_of(post)
    address, picture = page_address(site, post.post_id), picture_of(post)
    embed = f"{site}/oembed?{urllib.parse.urlencode({'url': address, 'format': 'json'})}"
    tags = {
        "og:site_name": "StudioX",
        "og:type": "article",
        "og:url": address,
        "og:title": title,
        "og:description": description,
        "twitter:card": "summary" if picture is None else "summary_large_image",
        "twitter:title": title,
        "twitter:description": description,
    }
    if picture is not None:
        tags |= {
            "og:image": picture_address(site, post.post_id),
            "og:image:type": picture.content_type,
            "og:image:alt": title,
            "twitter:image": picture_address(site, post.post_id),
            "twitter:image:alt": title,
        }
        if picture.width and picture.height:
            tags |= {"og:image:width": str(picture.width), "og:image:height": str(picture.height)}
    text = html.escape(post.caption.strip()) if post.caption.strip() else html.escape(title)
    prompt = f"<p class=prompt><bdi>{html.escape(post.prompt)}</bdi></p>" if post.prompt else ""
    image = "" if picture is None else f'<img src="/p/{html.escape(post.post_id)}/picture" alt="{html.escape(title)}">'
    return _page(
        title,
        [
            f'<meta name="description" content="{html.escape(description)}">',
            f'<link rel="canonical" href="{html.escape(address)}">',
            f'<link rel="alternate" type="application/json+oembed" href="{html.escape(embed)}"'
            f' title="{html.escape(title)}">',
            *(f'<meta {_kind(name)}="{name}" content="{html.escape(value)}">' for name, value in tags.items()),
        ],
        f"""<main>
<h1><bdi>{text}</bdi></h1>
{image}
<p>by <bdi>{html.escape(_author(post))}</bdi> <small class="label">{LABEL}</small></p>
{prompt}
<p><a class="open" href="{html.escape(f"{site}/post/{post.post_id}")}">Open in StudioX</a></p>
</main>""",
    )


def _kind(name: str) -> str:
    """OpenGraph's tags are properties, Twitter's are names."""
    return "property" if name.startswith("og:") else "name"


def missing_page(site: str) -> str:
    """The page of a post that is hidden, deleted or never was."""
    body = f"""<main>
<h1>This is not here</h1>
<p>It may have been deleted.</p>
<p><a class="open" href="{html.escape(f"{site}/feed")}">See what others made in StudioX</a></p>
</main>"""
    return _page("Not found", ['<meta name="robots" content="noindex">'], body)


def mature_page(site: str, post_id: str) -> str:
    """The page of a mature post: nothing of the post itself, because anybody may follow the link."""
    body = f"""<main>
<h1>This post is rated mature</h1>
<p>It is shown to people who are signed in and have switched on mature posts in their account.</p>
<p><a class="open" href="{html.escape(f"{site}/post/{post_id}")}">Open in StudioX</a></p>
</main>"""
    return _page("Mature post", ['<meta name="robots" content="noindex">'], body)


STYLE = """\
:root{color-scheme:light dark}
body{margin:0;font:1rem/1.5 system-ui,sans-serif;display:grid;justify-items:center}
main{box-sizing:border-box;width:100%;max-width:60rem;padding:1rem}
h1{font-size:1.25rem;white-space:pre-line;overflow-wrap:anywhere}
img{display:block;max-width:100%;max-height:80vh;margin:auto;border-radius:.75rem}
.label{border:1px solid;border-radius:1rem;padding:0 .5rem}
.prompt{white-space:pre-line;overflow-wrap:anywhere}
.open{display:inline-block;padding:.75rem 1.25rem;border-radius:.75rem;background:#5b3df5;color:#fff;\
text-decoration:none}
"""


def _page(title: str, head: list[str], body: str) -> str:
    lines = [
        "<!doctype html>",
        '<html lang="en">',
        "<head>",
        '<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{html.escape(title)} · StudioX</title>",
        *head,
        f"<style>{STYLE}</style>",
        "</head>",
        "<body>",
        body,
        "</body>",
        "</html>",
    ]
    return "\n".join(lines) + "\n"
