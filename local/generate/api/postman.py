"""Generates the Postman collection: sign-in through the Auth emulator, then every function in an order that works."""

from __future__ import annotations

import json
from typing import Any

from local.generate.api import examples, reference, wording
from local.generate.api.contract import Api, Operation
from local.stack import settings

Item = dict[str, Any]

# The folders' order. Later requests use ids from earlier responses.
FIRST = ["auth", "studio", "creations", "community", "tokens", "billing"]
# These run before the others of their folder, which use what they answer.
EARLY = ["getTokenPacks"]
# These run in a later folder: they make other creations, and the requests before them use the first job's.
AT_ONCE = ["createGenerationRequest", "getUserCredits", "generateLyrics"]
ENDING = ["deleteComment", "deletePost", "deleteCreation", "deleteCreations", "revokeSessions", "deleteAccount"]
VARIABLES = {
    "baseUrl": f"http://127.0.0.1:5001/demo-studiox/{settings.REGION}",
    "authUrl": "http://127.0.0.1:9099/identitytoolkit.googleapis.com/v1",
    "project": "demo-studiox",
    "apiKey": "local",
    "password": "a long password",
    **dict.fromkeys(["token", "adminToken", "uid", "adminUid", "email", "adminEmail"], ""),
    **dict.fromkeys(["jobId", "creationId", "collectionId", "sessionId", "postId", "commentId"], ""),
    **dict.fromkeys(["taskId", "feature", "packId"], ""),
    "polls": "0",
}
# The refusals that are expected in a run from top to bottom, because the function then has nothing to act on.
REFUSED = {
    "cancelStudioJob": "NotCancellable",
    "setJobStatus": "NotCancellable",
    "previewSubscription": "NoSubscription",
    "updateSubscription": "NoSubscription",
    "cancelSubscription": "NoSubscription",
    "appealModeration": "NothingToAppeal",
    "redeemReferral": "NotFound",
}
# Every request tests its response: the fields that it always has, or the expected refusal.
DONE = """\
pm.test('{name} answers', () => {{
  pm.response.to.have.status(200);
  const {{ result = pm.response.json() }} = pm.response.json();
  pm.expect(Object.keys(result)).to.include.members({keys});
}});"""
IS_REFUSED = """\
pm.test('{name} is refused: {reason}', () => {{
  const {{ error, reason = error.details.reason }} = pm.response.json();
  pm.expect(reason).to.equal('{reason}');
}});"""
SIGNED_IN = """\
pm.test('signed in', () => pm.expect(pm.response.json()).to.include.all.keys('idToken', 'localId', 'email'));"""
# A run polls the job once a second, for at most a minute, until it has ended: later requests need its creation.
AWAIT_JOB = """\
const { status } = pm.response.json().result || {};
const polls = Number(pm.collectionVariables.get('polls')) + 1;
const again = ['pending', 'processing'].includes(status) && polls < 60;
pm.collectionVariables.set('polls', again ? polls : 0);
if (again) {
  setTimeout(() => undefined, 1000);
  pm.execution.setNextRequest('getJobStatus');
} else {
  pm.test('the job is completed', () => pm.expect(status).to.equal('completed'));
}"""
# Ids in a response are stored as variables for later requests.
REMEMBER = """\
const answer = pm.response.json();
const result = answer.result || answer;
const found = {
  jobId: result.jobId,
  creationId: result.creationId || (result.creations && result.creations[0] && result.creations[0].creationId),
  collectionId: result.collectionId, sessionId: result.sessionId, postId: result.postId, commentId: result.commentId,
  taskId: result.tasks && result.tasks[0] && result.tasks[0].id,
  feature: result.features && result.features[0] && result.features[0].id,
  packId: result.packs && result.packs[0] && result.packs[0].id,
};
for (const name of Object.keys(found)) if (found[name]) pm.collectionVariables.set(name, found[name]);"""


def script(*sources: str) -> list[Item]:
    lines = [line for source in sources for line in source.split("\n")]
    return [{"listen": "test", "script": {"type": "text/javascript", "exec": lines}}]


def check(name: str, always: list[str]) -> str:
    """The test that the response has these fields, or that it is the expected refusal."""
    if name in REFUSED:
        return IS_REFUSED.format(name=name, reason=REFUSED[name])
    return DONE.format(name=name, keys=json.dumps(always))


def bearer(token: str) -> Item:
    return {"type": "bearer", "bearer": [{"key": "token", "value": token, "type": "string"}]}


def request(method: str, base: str, path: str, body: Any, auth: Item | None, doc: str = "") -> Item:
    """A request. `auth` None uses the collection's authorization: the user's token."""
    address, _, query = path.partition("?")
    url: Item = {"raw": f"{base}/{path}", "host": [base], "path": address.split("/")}
    if query:
        url["query"] = [dict(zip(("key", "value"), each.split("="), strict=True)) for each in query.split("&")]
    made: Item = {"method": method, "header": [], "url": url, "description": doc}
    if body is not None:
        made["header"] = [{"key": "Content-Type", "value": "application/json"}]
        raw = json.dumps(body, indent=2, ensure_ascii=False)
        made["body"] = {"mode": "raw", "raw": raw, "options": {"raw": {"language": "json"}}}
    return {**made, "auth": auth} if auth is not None else made


def sign(name: str, method: str, body: Item, remember: str, doc: str) -> Item:
    made = request("POST", "{{authUrl}}", f"accounts:{method}?key={{{{apiKey}}}}", body, {"type": "noauth"}, doc)
    return {"name": name, "request": made, "event": script(SIGNED_IN, remember)}


def signing_in() -> Item:
    """Sign up a user and an administrator. Each run creates new accounts."""
    fresh = {"email": "{{$randomUUID}}@example.com", "password": "{{password}}", "returnSecureToken": True}
    known = {"email": "{{email}}", "password": "{{password}}", "returnSecureToken": True}
    user = (
        "const answer = pm.response.json();\n"
        "pm.collectionVariables.set('token', answer.idToken);\n"
        "pm.collectionVariables.set('uid', answer.localId);\n"
        "pm.collectionVariables.set('email', answer.email);"
    )
    admin = user.replace("'token'", "'adminToken'").replace("'uid'", "'adminUid'").replace("'email'", "'adminEmail'")
    claim = {"localId": "{{adminUid}}", "customAttributes": json.dumps({"admin": True})}
    path = "projects/{{project}}/accounts:update"
    promote = request(
        "POST", "{{authUrl}}", path, claim, bearer("owner"), "The emulator's only; see `make admin EMAIL=…` elsewhere."
    )
    return {
        "name": "Sign in",
        "item": [
            sign("Sign up", "signUp", fresh, user, "A new user, with 200 tokens. The token is good for an hour."),
            sign("Sign in", "signInWithPassword", known, user, "Set `email` and `password` for a user of your own."),
            sign("Sign up an administrator", "signUp", fresh, admin, "Another user, who is made administrator next."),
            {"name": "Make it an administrator", "request": promote, "event": script(check("It", ["localId"]))},
            sign(
                "Sign in as the administrator",
                "signInWithPassword",
                {**known, "email": "{{adminEmail}}"},
                admin,
                "So that the token carries the claim.",
            ),
        ],
    }


def item(api: Api, each: Operation) -> Item:
    data = examples.of(api, each)
    auth = {"Admin": bearer("{{adminToken}}")}.get(each.caller)
    doc = f"{each.doc}\n\n{wording.CALLERS[each.caller]} At most {wording.limit(each)}."
    tests = [check(each.name, api.schema(each.response).get("required", []))]
    if each.method == "GET":
        query = "&".join(f"{name}={value}" for name, value in data.items())
        made = request("GET", "{{baseUrl}}", f"{each.name}?{query}" if query else each.name, None, auth, doc)
    else:
        if each.name == "getJobStatus":
            doc += " Send it again until `status` is `completed`: what follows is about its creation. A run does."
            tests.append(AWAIT_JOB)
        made = request("POST", "{{baseUrl}}", each.name, data if each.method else {"data": data}, auth, doc)
    return {"name": each.name, "request": made, "event": script(*tests)}


def collection(api: Api) -> str:
    plain = [each for each in api.operations if each.caller != "Admin" and each.name not in (*ENDING, *AT_ONCE)]
    domains = sorted({each.domain for each in plain}, key=lambda name: (name not in FIRST, _rank(name), name))
    folders = [signing_in()]
    for domain in domains:
        own = sorted((each for each in plain if each.domain == domain), key=lambda each: each.name not in EARLY)
        items = [item(api, each) for each in own]
        folders.append({"name": reference.title(domain), "item": items})
    at_once = [item(api, each) for each in api.operations if each.name in AT_ONCE]
    folders.append({"name": "Answered at once", "item": at_once})
    admins = [item(api, each) for each in api.operations if each.caller == "Admin"]
    health = request("GET", "{{baseUrl}}", "health", None, {"type": "noauth"}, "Whether the backend can do its work.")
    folders.append({"name": "Administrators", "item": admins})
    monitor = {"name": "health", "request": health, "event": script(check("health", ["status", "version", "checks"]))}
    folders.append({"name": "Health", "item": [monitor]})
    folders.append({"name": "Ending", "item": _ending(api)})
    made = {
        "info": {
            "name": "StudioX",
            "description": "Generated by `make client`. Start `make serve`, then run the collection from top to "
            "bottom: every request checks its answer. To send one by itself, send the folder “Sign in” first.",
            "schema": "https://schema.getpostman.com/json/collection/v2.1.0/collection.json",
        },
        "auth": bearer("{{token}}"),
        "event": script(REMEMBER),
        "variable": [{"key": name, "value": value, "type": "string"} for name, value in VARIABLES.items()],
        "item": folders,
    }
    return json.dumps(made, indent=1, ensure_ascii=False) + "\n"


def _rank(domain: str) -> int:
    return FIRST.index(domain) if domain in FIRST else 0


def _ending(api: Api) -> list[Item]:
    """Requests that delete what other requests need, the account last, with a new sign-in after `revokeSessions`."""
    by_name = {each.name: each for each in api.operations}
    again = next(each for each in signing_in()["item"] if each["name"] == "Sign in")
    found = []
    for name in ENDING:
        if name == "deleteAccount":
            found.append({**again, "name": "Sign in again"})
        if name in by_name:
            found.append(item(api, by_name[name]))
    return found
