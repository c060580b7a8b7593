"""The XMP packet that says that a model made a file: IPTC's `DigitalSourceType`.

Pure.
"""

from __future__ import annotations

import html
import re
from typing import Literal

Origin = Literal["trainedAlgorithmicMedia", "compositeWithTrainedAlgorithmicMedia"]
"""IPTC's terms: made by a model, or a person's own file that a model changed."""

VOCABULARY = "http://cv.iptc.org/newscodes/digitalsourcetype/"
_IPTC = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_PROPERTY = f"{{{_IPTC}}}DigitalSourceType"
_BY_A_MODEL = ("trainedAlgorithmicMedia", "compositeWithTrainedAlgorithmicMedia")
_BOM = b"\xef\xbb\xbf"


def packet(origin: Origin) -> bytes:
    """A whole packet, in UTF-8."""
    return (
        b'<?xpacket begin="' + _BOM + b'" id="W5M0MpCehiHzreSzNTczkc9d"?>\n<x:xmpmeta xmlns:x="adobe:ns:meta/">'
        b'<rdf:RDF xmlns:rdf="' + _RDF.encode() + b'">' + _description(origin, "") + b"</rdf:RDF></x:xmpmeta>\n"
        b'<?xpacket end="w"?>'
    )


def merged(existing: bytes, origin: Origin) -> bytes:
    """The packet that a file already has, with our property: the same bytes if it already says that a model made it.

    Its other properties are kept, and its padding is not. A packet that cannot be read is replaced: one that is not
    well-formed, is not UTF-8, or has a document type, which XMP does not allow.
    """
    read = _read(existing)
    if read is None:
        return packet(origin)
    about, values = read
    if any(value == f"{VOCABULARY}{term}" for value in values for term in _BY_A_MODEL):
        return existing
    text = re.sub(rb"\s+(?=<\?xpacket end)", b"\n", existing)
    if values:  # another origin, such as `digitalCapture`
        for value in values:
            text = text.replace(value.encode(), f"{VOCABULARY}{origin}".encode()) if value else text
    else:
        ends = [found.start() for found in re.finditer(rb"</(?:[\w.-]+:)?RDF\s*>", text)]
        text = text[: ends[-1]] + _description(origin, about) + text[ends[-1] :] if ends else text
    after = _read(text)
    says = after is not None and set(after[1]) == {f"{VOCABULARY}{origin}"}
    return text if says else packet(origin)


def _description(origin: Origin, about: str) -> bytes:
    """All descriptions of a packet have the same `about`."""
    return (
        f'<rdf:Description xmlns:rdf="{_RDF}" rdf:about="{html.escape(about)}" xmlns:Iptc4xmpExt="{_IPTC}">'
        f"<Iptc4xmpExt:DigitalSourceType>{VOCABULARY}{origin}</Iptc4xmpExt:DigitalSourceType></rdf:Description>"
    ).encode()


def _read(existing: bytes) -> tuple[str, list[str]] | None:
    """What a packet is about, and its values of the property; None if it cannot be read."""
    from xml.etree import ElementTree  # most files have no packet

    if b"\0" in existing or b"<!" in re.sub(rb"<!(--|\[CDATA\[)", b"", existing):
        return None
    try:
        root = ElementTree.fromstring(existing.decode().strip().removeprefix("\ufeff"))
    except (ElementTree.ParseError, UnicodeDecodeError, ValueError):
        return None
    about, values = "", []
    for element in root.iter():
        about = about or element.get(f"{{{_RDF}}}about", "")
        if element.tag == _PROPERTY:
            values.append(element.get(f"{{{_RDF}}}resource") or (element.text or "").strip())
        if (value := element.get(_PROPERTY)) is not None:
            values.append(value)
    return about, values
