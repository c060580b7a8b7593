"""An example request of each function, ready to send. Earlier responses supply the values of `{{…}}`."""

from __future__ import annotations

from typing import Any

from local.generate.api import wording
from local.generate.api.contract import Api, Operation, Schema

# Example values by field name, used for required fields.
FIELDS: dict[str, Any] = {
    "requestId": "{{$randomUUID}}",
    "jobId": "{{jobId}}",
    "creationId": "{{creationId}}",
    "creationIds": ["{{creationId}}"],
    "collectionId": "{{collectionId}}",
    "sessionId": "{{sessionId}}",
    "postId": "{{postId}}",
    "commentId": "{{commentId}}",
    "taskId": "{{taskId}}",
    "feature": "{{feature}}",
    "uid": "{{uid}}",
    "confirm": "{{email}}",
    "prompt": "A lighthouse at dawn",
    "model": "Model A",
    "style": "anime",
    "color": "neon",
    "size": "512x512",
    "planId": "pro",
    "title": "The lighthouse",
    "text": "I like it.",
    "reason": "A trial of the API.",
    "proofUrl": "https://x.com/studiox/status/1",
    "weekStart": "2025-01-06",
    "amount": 10,
    "year": 2026,
    "approve": True,
    "suspended": False,
    "blocked": False,
}
# Example values by function: for optional fields, or in place of the values above.
OF_FUNCTION: dict[str, dict[str, Any]] = {
    "quoteStudioJob": {"type": "image", "style": "anime", "color": "neon", "size": "512x512"},
    "createStudioJob": {"type": "image", "style": "anime", "color": "neon", "size": "512x512", "maxPrice": 10},
    "createCheckoutSession": {"packId": "{{packId}}"},
    "setAutoTopUp": {"enabled": False},
    "redeemReferral": {"code": "ABCD2345"},
    "updateProfile": {"displayName": "Ada"},
    "publishPost": {"caption": "Made with StudioX", "tags": ["lighthouse"]},
    "generateLyrics": {"theme": "The sea", "mood": "calm", "presetType": "ballad"},
    "likePost": {"liked": True},
    "toggleFavorite": {"favorite": True},
    "incrementPlayCount": {"creationId": "{{creationId}}"},
    "reportPost": {"reason": "spam"},
    "reportComment": {"reason": "spam"},
    "blockUser": {"uid": "{{adminUid}}"},
    "moderatePost": {"action": "restore"},
    "setJobStatus": {"status": "cancelled"},
    "getTokenTransactions": {"pageSize": 20},
    "listStudioJobs": {"pageSize": 20},
    "getFeed": {"sort": "new", "pageSize": 20},
    "searchUsers": {"email": "{{email}}"},
    "saveCatalogueEntry": {"key": "models/nano-banana", "changes": {"enabled": True}, "preview": True},
}


def of(api: Api, operation: Operation) -> dict[str, Any]:
    """The example request of a function."""
    schema = api.schema(operation.request)
    own = OF_FUNCTION.get(operation.name, {})
    found = {}
    for name, given in schema.get("properties", {}).items():
        if name in own:
            found[name] = own[name]
        elif name in schema["required"]:
            found[name] = FIELDS[name] if name in FIELDS and "enum" not in given else sample(given)
    return found


def sample(schema: Schema) -> Any:
    """A value that the schema accepts, for a field without an example value."""
    given, _ = wording.present(schema)
    if "enum" in given:
        return given["enum"][0]
    if "anyOf" in given:
        return sample(given["anyOf"][0])
    kind = given.get("type")
    if kind == "string":
        return ("text " * given.get("minLength", 1))[: given.get("maxLength", 4)].strip()
    if kind in ("integer", "number"):
        return given.get("minimum", 1)
    return {"boolean": True, "array": [], "object": {}}.get(str(kind))
